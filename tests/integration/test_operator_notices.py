"""Fillers are told before a planned move, and told when it is off; what a worker is told of itself is taken by the API
server.
"""

from typing import Any

from corner import Corner
from operating import eventually

LEAVING_AT = "paraset.io/leaving-at"


def fillers(corner: Corner) -> list[dict[str, Any]]:
    items = corner.cluster.api.get(f"/api/v1/namespaces/{corner.name}/pods")["items"]
    return [each for each in items if each["spec"].get("priorityClassName") == "paraset-filler"]


def told(corner: Corner) -> list[str]:
    """The fillers that run and have been told to leave."""
    return [
        each["metadata"]["name"]
        for each in fillers(corner)
        if LEAVING_AT in each["metadata"].get("annotations", {}) and "deletionTimestamp" not in each["metadata"]
    ]


def test_fillers_are_told_before_they_leave_a_cordoned_node(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set(**{"yield": {"noticeSeconds": 4}})
    corner.until_running(2)
    corner.cluster.kubectl("cordon", f"{corner.name}-a")
    eventually("both were told and are still there", lambda: len(told(corner)) == 2)
    corner.until_running(0)


def test_a_move_that_is_off_is_taken_back(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set(**{"yield": {"noticeSeconds": 600}})
    before = {pod.uid for pod in corner.until_running(2)}
    corner.cluster.kubectl("cordon", f"{corner.name}-a")
    eventually("both were told", lambda: len(told(corner)) == 2)
    corner.cluster.kubectl("uncordon", f"{corner.name}-a")
    eventually("both were told that they stay", lambda: not told(corner))
    assert {pod.uid for pod in corner.until_running(2)} == before


def test_a_filler_knows_what_it_may_use(corner: Corner) -> None:
    corner.add_nodes("a", gpus=1)
    corner.add_set()
    corner.until_running(1)
    (pod,) = fillers(corner)
    (container,) = pod["spec"]["containers"]
    assert {"PARASET_SHAPE", "PARASET_CPU_MILLICORES"} <= {each["name"] for each in container["env"]}
    assert "paraset-info" in {each["name"] for each in pod["spec"]["volumes"]}


def test_a_worker_that_says_nonsense_is_told_so(corner: Corner) -> None:
    corner.add_nodes("a", gpus=1)
    corner.add_set()
    (pod,) = corner.until_running(1)
    word = {"metadata": {"annotations": {"paraset.io/last-checkpoint": "just now"}}}
    corner.cluster.api.patch(f"/api/v1/namespaces/{corner.name}/pods/{pod.name}", word)
    eventually("an Event says so", lambda: corner.events("AnnotationIgnored"))
