"""Nodes that are taken out of use, fail or vanish: fillers leave them, and come back when they may."""

from typing import Any

import pytest
from corner import Corner

TAINT = "test.paraset.io/dedicated"


def taint(corner: Corner, node: str, effect: str) -> None:
    taints = [{"key": TAINT, "value": "yes", "effect": effect}]
    corner.cluster.api.patch(f"/api/v1/nodes/{corner.name}-{node}", {"spec": {"taints": taints}})


def until_on(corner: Corner, *nodes: str, count: int) -> None:
    """Wait until exactly so many fillers run, all of them on these nodes."""
    names = {f"{corner.name}-{node}" for node in nodes}
    corner.until_running(count, where=lambda pod: pod.node in names)


def test_fillers_leave_a_cordoned_node_and_come_back(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=2)
    corner.add_set()
    corner.until_running(4)
    corner.cluster.kubectl("cordon", f"{corner.name}-a")
    until_on(corner, "b", count=2)
    corner.cluster.kubectl("uncordon", f"{corner.name}-a")
    corner.until_running(4)


def test_fillers_leave_a_node_that_is_not_ready_and_come_back(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=2)
    corner.add_set()
    corner.until_running(4)
    corner.cluster.set_node_ready(f"{corner.name}-a", False)
    until_on(corner, "b", count=2)
    corner.cluster.set_node_ready(f"{corner.name}-a", True)
    corner.until_running(4)


def test_fillers_leave_a_node_under_pressure(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=2)
    corner.add_set()
    corner.until_running(4)
    pressure = {"type": "MemoryPressure", "status": "True", "reason": "KubeletHasInsufficientMemory"}
    corner.cluster.api.patch(f"/api/v1/nodes/{corner.name}-a/status", {"status": {"conditions": [pressure]}})
    until_on(corner, "b", count=2)


def test_fillers_of_a_node_that_is_gone_are_gone_too(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=2)
    corner.add_set()
    corner.until_running(4)
    corner.cluster.remove_node(f"{corner.name}-a")
    until_on(corner, "b", count=2)


def test_the_ceiling_is_filled_elsewhere_when_a_node_is_gone(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=2)
    corner.add_set(replicas=2)
    gone = corner.until_running(2)[0].node.removeprefix(f"{corner.name}-")
    corner.cluster.remove_node(f"{corner.name}-{gone}")
    until_on(corner, *({"a", "b"} - {gone}), count=2)


@pytest.mark.parametrize("effect", ["NoSchedule", "NoExecute"])
def test_fillers_leave_a_node_with_a_taint_they_do_not_tolerate(corner: Corner, effect: str) -> None:
    corner.add_nodes("a", "b", gpus=2)
    corner.add_set()
    corner.until_running(4)
    taint(corner, "a", effect)
    until_on(corner, "b", count=2)


TOLERATION: dict[str, Any] = {"key": TAINT, "operator": "Exists"}


def test_a_toleration_that_the_policy_does_not_allow_is_of_no_use(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=2)
    taint(corner, "a", "NoSchedule")
    corner.add_set(pod={"tolerations": [TOLERATION]})
    until_on(corner, "b", count=2)
    corner.until_condition("Ready", "True", "Filled")


def test_a_toleration_that_the_policy_allows_lets_fillers_stay(corner: Corner) -> None:
    corner.change_policy(tolerations=[TOLERATION])
    corner.add_nodes("a", "b", gpus=2)
    taint(corner, "a", "NoSchedule")
    corner.add_set(pod={"tolerations": [TOLERATION]})
    corner.until_running(4)


def test_nodes_that_no_policy_covers_are_not_filled(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=2)
    corner.change_policy(nodeSelector={"matchLabels": {"kubernetes.io/hostname": f"{corner.name}-b"}})
    corner.add_set()
    until_on(corner, "b", count=2)
    corner.until_condition("Ready", "True", "Filled")
