"""Calm on the real control plane: scale down as told, storms of NotReady nodes, one bad node."""

import time

from corner import Corner
from manifests import fixed_shape
from operating import eventually, stays_empty

DOWN = {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 1800}]}


def reasons(corner: Corner, name: str = "s") -> dict[str, str]:
    limits = corner.operated.status(corner.name, name).get("limitedBy") or ()
    return {each["reason"]: each["message"] for each in limits}


def test_the_surplus_leaves_as_slowly_as_scale_down_says(corner: Corner) -> None:
    corner.add_nodes("a", gpus=6)
    corner.add_set(replicas=6, behavior={"scaleDown": DOWN})
    corner.until_running(6)
    corner.change_set(replicas=1)
    corner.until_running(4)
    eventually("it is told", lambda: "keeps 3 above" in reasons(corner).get("Behavior", ""))
    stays_empty(lambda: corner.left()[2:], 1.5)


def test_a_lowered_target_waits_for_the_window_and_ls_work_does_not(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    corner.add_set(replicas=4, behavior={"scaleDown": {"stabilizationWindowSeconds": 3600}})
    corner.until_running(4)
    corner.change_set(replicas=1)
    eventually("it is told", lambda: "keeps 3 above" in reasons(corner).get("Behavior", ""))
    corner.add_ls("ls", gpus=2)
    corner.until_bound("ls")
    corner.until_running(2)
    assert len(corner.left()) == 2


def test_in_a_storm_nothing_is_begun_and_fillers_are_left_alone(corner: Corner) -> None:
    corner.add_nodes("a", "b", "c", "d", gpus=1)
    corner.add_set()
    before = {pod.uid for pod in corner.until_running(4)}
    for each in "abc":
        corner.cluster.set_node_ready(f"{corner.name}-{each}", False)
    eventually("the storm is told", lambda: "of 4 nodes" in reasons(corner).get("NodesNotReady", ""))
    left = len(corner.left())
    # The first of the three nodes may have been alone for a moment.
    assert left <= 2
    corner.add_set("other", shapes=[fixed_shape("1")])
    eventually("it is told to the new set", lambda: "NodesNotReady" in reasons(corner, "other"))
    stays_empty(lambda: corner.left()[left:] or corner.fillers("other"), 1.5)
    assert len({pod.uid for pod in corner.fillers("s")} & before) == 4 - left
    events = corner.cluster.api.get("/api/v1/namespaces/default/events")["items"]
    about = [each["reason"] for each in events if each["involvedObject"]["name"] == corner.name]
    assert about == ["NodesNotReady"]
    corner.change_policy(pacing={"stormPercent": 100})
    eventually("the node that is ready is filled", lambda: corner.fillers("other"))


def test_a_node_on_which_alone_a_template_fails_is_avoided(corner: Corner) -> None:
    corner.change_policy(pacing={"backOffSeconds": 2, "backOffMaxSeconds": 600})
    corner.add_nodes("a", "b", gpus=2)
    corner.add_set(replicas=4)
    fillers = corner.until_running(4)
    ready = time.monotonic()
    eventually("all have run well", lambda: time.monotonic() - ready > 3)
    corner.change_policy(pacing={"backOffSeconds": 2, "backOffMaxSeconds": 600})
    bad = next(pod for pod in fillers if pod.node == f"{corner.name}-a")
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    container = {"name": "main", "ready": False, "restartCount": 3, "image": "x", "imageID": "", "state": waiting}
    corner.cluster.api.patch(
        f"/api/v1/namespaces/{corner.name}/pods/{bad.name}/status", {"status": {"containerStatuses": [container]}}
    )
    eventually("it is told", lambda: "CrashLoopBackOff" in reasons(corner).get("StaysPending", ""))
    assert "CrashLooping" not in reasons(corner)
    corner.until_running(4)
