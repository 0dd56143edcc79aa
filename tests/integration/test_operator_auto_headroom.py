"""Headroom learned from the LS pods that come: they teach it, it is told, and a restart keeps it."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from corner import POLICIES, Corner
from manifests import EXIT, GPU, Json
from operating import Operated, Operator, eventually, stays_empty

SERVER: Json = {"name": "server", "resources": {GPU: 1, "cpu": "2", "memory": "128Mi"}, "copies": "auto"}


def told(corner: Corner) -> list[Json]:
    """What the status of the policy says of headroom."""
    status = corner.cluster.api.get(f"{POLICIES}/{corner.name}").get("status") or {}
    return list(status.get("headroom") or ())


def until_copies(corner: Corner, copies: int) -> Json:
    """Wait until so many copies are told, and return what else is told of the one shape."""
    return eventually(
        f"{copies} copies are told", lambda: next((each for each in told(corner) if each["copies"] == copies), {})
    )


def test_ls_pods_that_come_together_teach_how_much_room_to_keep(corner: Corner) -> None:
    corner.change_policy(headroom=[SERVER])
    corner.add_nodes("a", gpus=8)
    corner.add_set()
    corner.until_running(8)
    assert until_copies(corner, 0)["message"] == "0 copies, the floor: no LS pod of this shape came in the last 24 h"
    for name in ("ls-1", "ls-2"):
        corner.add_ls(name, gpus=1, cpu="1")
    corner.until_bound("ls-1", "ls-2")
    corner.until_running(4)
    message = until_copies(corner, 2)["message"]
    assert message.startswith("2 copies: 100 % of the 2 LS pods of the last 24 h came with at most 1 other within")


def test_only_ls_pods_that_fit_the_shape_and_may_run_there_teach(corner: Corner) -> None:
    corner.change_policy(headroom=[SERVER])
    corner.add_nodes("a", gpus=8)
    corner.add_ls("no-gpu", cpu="1")
    corner.add_ls("too-large", gpus=1, cpu="4")
    corner.add_ls("two-gpus", gpus=2, cpu="1")
    corner.add_ls("humble", gpus=1, cpu="1", priorityClassName="humble")
    corner.until_bound("no-gpu", "too-large", "two-gpus", "humble")
    corner.add_ls("elsewhere", gpus=1, cpu="1", nodeSelector={"no": "node"})
    corner.add_ls("server", gpus=1, cpu="2")
    assert "the 1 LS pod of" in until_copies(corner, 1)["message"]


def test_copies_and_the_time_to_free_room_are_measured(corner: Corner, operator: Operator) -> None:
    corner.change_policy(headroom=[SERVER])
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_running(2)
    before = operator.metric("paraset_release_seconds_count")
    corner.add_ls("ls", gpus=1, cpu="1")
    corner.until_bound("ls")
    until_copies(corner, 1)
    series = f'paraset_headroom_copies{{policy="{corner.name}",shape="server"}}'
    eventually("copies are shown", lambda: operator.metric(series) == 1)
    assert operator.metric("paraset_release_seconds_count") > before
    seconds = corner.cluster.api.get(f"{POLICIES}/{corner.name}")["status"].get("releaseSeconds", 0)
    assert 0 <= seconds < 10


def test_describe_and_explain_tell_why(corner: Corner) -> None:
    corner.change_policy(headroom=[SERVER])
    corner.add_nodes("a", gpus=2)
    corner.add_ls("ls", gpus=1, cpu="1")
    until_copies(corner, 1)
    sentence = "1 copy: 100 % of the 1 LS pod of the last 24 h came with no other within"
    words = corner.cluster.kubectl("describe", "fillpolicy", corner.name).stdout
    assert sentence in " ".join(words.split())
    corner.add_set()
    code = "import sys; from paraset_operator.cli import main; sys.exit(main())"
    where = ["--kubeconfig", str(corner.cluster.kubeconfig), "-n", corner.name]
    command = [sys.executable, "-c", code, "explain", "pset/s", *where]
    explained = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert f"FillPolicy {corner.name} keeps room for server: {sentence}" in explained


@pytest.fixture
def mortal(bare: Operated) -> Iterator[Operator]:
    with bare.operator() as process:
        yield process


def test_what_was_learned_outlives_the_operator(lone_corner: Corner, mortal: Operator) -> None:
    lone_corner.change_policy(headroom=[SERVER])
    lone_corner.add_nodes("a", gpus=8)
    lone_corner.add_set(annotations={EXIT: "5s"})
    mortal.start_ready()
    lone_corner.until_running(8)
    for name in ("ls-1", "ls-2"):
        lone_corner.add_ls(name, gpus=1, cpu="1")
    lone_corner.until_bound("ls-1", "ls-2")
    lone_corner.until_running(4)
    learned = until_copies(lone_corner, 2)
    made = lone_corner.made()
    mortal.kill()
    mortal.start_ready()
    eventually("it leads", mortal.leads)
    stays_empty(lambda: lone_corner.made()[len(made) :], 2.5)
    assert until_copies(lone_corner, 2) == learned
    burst = [f"burst-{index}" for index in range(4)]
    for name in burst:
        lone_corner.add_ls(name, gpus=1, cpu="1")
    message = eventually(
        "it learns on", lambda: next((each["message"] for each in told(lone_corner) if each["copies"] > 2), "")
    )
    assert message != learned["message"]
    assert "the 2 LS pods" not in message
    assert sum(int(number) for line in told(lone_corner)[0]["arrivals"] for number in line.split()[1:]) > 4
