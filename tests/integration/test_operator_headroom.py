"""Room for LS work that has not come yet: kept, used by it at once, and made again behind it."""

from corner import Corner
from manifests import EXIT, GPU, HUMBLE
from operating import Operator, eventually

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


def test_who_leaves_for_headroom_is_marked_as_preempted_once_an_ls_pod_waits_for_that_room(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set(annotations={EXIT: "20s"})
    corner.until_running(2)
    corner.change_policy(headroom=HEADROOM)
    eventually("a filler leaves", lambda: len(corner.left()) == 1)
    assert marked(corner) == []
    corner.add_ls("ls", gpus=1, cpu="1", schedulerName="nobody", priorityClassName=None)
    eventually("it is marked", lambda: marked(corner) == [True])
    assert len(corner.left()) == 1


def marked(corner: Corner) -> list[bool]:
    pods = corner.cluster.api.get(f"/api/v1/namespaces/{corner.name}/pods")["items"]
    conditions = [each for pod in pods for each in pod["status"].get("conditions", [])]
    found = [each["reason"] for each in conditions if each["type"] == "DisruptionTarget"]
    return [reason == "PreemptionByScheduler" for reason in found]


def test_headroom_that_was_taken_is_made_again_on_the_urgent_path(corner: Corner, operator: Operator) -> None:
    """The scheduler binds the pod without help: it is what it leaves missing that is urgent."""
    corner.change_policy(headroom=HEADROOM)
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_running(1)
    before = operator.metric('paraset_plans_total{path="urgent"}')
    corner.add_ls("ls", gpus=1, cpu="1", priorityClassName="")
    corner.until_bound("ls")
    corner.until_running(0)
    assert operator.metric('paraset_plans_total{path="urgent"}') > before


def test_a_stream_of_ls_pods_does_not_put_it_off_for_good(corner: Corner) -> None:
    copies = 70
    corner.change_policy(headroom=[HEADROOM[0] | {"copies": copies}])
    corner.add_nodes("a", cpu=220, gpus=copies + 4)
    corner.add_set(replicas=copies + 4)
    corner.until_running(4)
    stream = (f"ls-{number}" for number in range(copies - 1))
    for name in stream:
        corner.add_ls(name, gpus=1, cpu="1")
        corner.until_bound(name)
        if corner.left():
            break
    assert next(stream, None) is not None


def test_headroom_moves_to_another_node_when_its_own_is_taken(corner: Corner) -> None:
    corner.change_policy(headroom=HEADROOM)
    corner.add_nodes("a", "b", gpus=1)
    corner.add_set()
    (filler,) = corner.until_running(1)
    corner.add_ls("ls", gpus=1, cpu="1")
    corner.until_bound("ls")
    corner.until_running(0)
    assert corner.pod("ls").node != filler.node  # type: ignore[union-attr]


def test_headroom_is_kept_where_its_node_selector_says(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=2)
    corner.cluster.kubectl("label", "node", f"{corner.name}-b", "test.paraset.io/disk=ssd")
    on_ssd = {"matchLabels": {"test.paraset.io/disk": "ssd"}}
    corner.change_policy(headroom=[HEADROOM[0] | {"copies": 2, "nodeSelector": on_ssd}])
    corner.add_set()
    corner.until_running(2, where=lambda pod: pod.node == f"{corner.name}-a")


def test_a_placeholder_of_low_priority_counts_as_taken(corner: Corner) -> None:
    """Overprovisioning holds room by pods that anybody may preempt; headroom is kept beside it."""
    corner.change_policy(headroom=HEADROOM)
    corner.add_nodes("a", gpus=4)
    corner.add_ls("pause", gpus=1, cpu="1", priorityClassName=HUMBLE)
    corner.until_bound("pause")
    corner.add_set()
    corner.until_running(2)
    assert corner.pod("pause")
