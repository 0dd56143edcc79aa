"""Room for LS work that has not come yet: kept, used by it at once, and made again behind it."""

from corner import Corner
from manifests import EXIT, GPU

HEADROOM = [{"name": "server", "resources": {GPU: 1, "cpu": "2", "memory": "64Mi"}, "copies": 1}]


def test_headroom_is_not_filled(corner: Corner) -> None:
    corner.change_policy(headroom=HEADROOM)
    corner.add_nodes("a", gpus=4)
    corner.add_set()
    corner.until_running(3)
    corner.until_condition("Ready", "True", "Filled")
    assert len(corner.fillers()) == 3


def test_ls_work_that_fits_the_headroom_waits_for_no_filler_to_exit(corner: Corner) -> None:
    corner.change_policy(headroom=HEADROOM)
    corner.add_nodes("a", gpus=4)
    corner.add_set(annotations={EXIT: "10s"})
    corner.until_running(3)
    corner.add_ls("ls", gpus=1, cpu="1")
    corner.until_bound("ls")
    assert len(corner.operated.fillers(corner.name)) == 3


def test_headroom_is_made_again_behind_ls_work(corner: Corner) -> None:
    corner.change_policy(headroom=HEADROOM)
    corner.add_nodes("a", gpus=4)
    corner.add_set()
    corner.until_running(3)
    for count, name in ((2, "ls-1"), (1, "ls-2")):
        corner.add_ls(name, gpus=1, cpu="1")
        corner.until_bound(name)
        corner.until_running(count)
    assert len(corner.left()) == 2


def test_headroom_that_a_policy_asks_for_is_made(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    corner.add_set()
    corner.until_running(4)
    corner.change_policy(headroom=HEADROOM)
    corner.until_running(3)
