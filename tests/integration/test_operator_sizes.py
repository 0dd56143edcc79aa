"""Fillers grow into room that comes free, shrink out of room that is needed, and take a refusal for an answer."""

import pytest
from corner import Corner
from manifests import CPU_SHAPE, FAILURE
from operating import eventually, stays_empty

from demo.objects import Pod

REFUSALS = ["resize-deferred", "resize-infeasible"]


def until_cores(corner: Corner, cores: int) -> Pod:
    """Wait until there is one filler that asks for so many cores and holds just them."""
    (pod,) = corner.until_running(1, where=lambda pod: pod.requests["cpu"] == pod.spec_requests["cpu"] == cores * 1000)
    return pod


def resizes(corner: Corner) -> int:
    """How often the operator has asked for other sizes."""
    return sum(each.subresource == "resize" and each.namespace == corner.name for each in corner.operated.audit.poll())


def test_a_filler_grows_into_room_that_comes_free(corner: Corner) -> None:
    corner.add_nodes("a", cpu=8)
    corner.add_ls("ls", cpu="4")
    corner.until_bound("ls")
    corner.add_set(shapes=[CPU_SHAPE], replicas=1)
    before = until_cores(corner, 4)
    corner.remove_ls("ls")
    assert until_cores(corner, 8).uid == before.uid


def test_a_filler_does_not_grow_beyond_its_maximum(corner: Corner) -> None:
    corner.add_nodes("a", cpu=8)
    corner.add_set(shapes=[CPU_SHAPE | {"elastic": {"cpu": {"min": "1", "max": "3"}}}], replicas=1)
    until_cores(corner, 3)


def test_a_filler_shrinks_when_the_administrator_reserves_room(corner: Corner) -> None:
    corner.add_nodes("a", cpu=8)
    corner.add_set(shapes=[CPU_SHAPE])
    before = until_cores(corner, 8)
    corner.change_policy(reserve={"cpu": "3"})
    assert until_cores(corner, 5).uid == before.uid


def test_a_filler_shrinks_when_a_pod_is_bound_past_the_scheduler(corner: Corner) -> None:
    corner.forgives = True  # such a pod overcommits the node until the filler has shrunk
    corner.add_nodes("a", cpu=8)
    corner.add_set(shapes=[CPU_SHAPE])
    before = until_cores(corner, 8)
    corner.add_ls("ls", cpu="3", nodeName=f"{corner.name}-a")
    assert until_cores(corner, 5).uid == before.uid


def test_a_changed_maximum_is_followed_in_place(corner: Corner) -> None:
    corner.add_nodes("a", cpu=8)
    corner.add_set(shapes=[CPU_SHAPE], replicas=1)
    before = until_cores(corner, 8)
    corner.change_set(shapes=[CPU_SHAPE | {"elastic": {"cpu": {"min": "1", "max": "2"}}}])
    assert until_cores(corner, 2).uid == before.uid


def let_growth_be_refused(corner: Corner, refusal: str) -> None:
    """Fill half a node, free the other half, and wait until the filler is as it was before it tried to grow."""
    corner.add_nodes("a", cpu=8)
    corner.add_ls("ls", cpu="4")
    corner.until_bound("ls")
    corner.add_set(shapes=[CPU_SHAPE], replicas=1, annotations={FAILURE: refusal})
    until_cores(corner, 4)
    corner.remove_ls("ls")
    eventually("it has tried to grow and taken it back", lambda: resizes(corner) >= 2)
    until_cores(corner, 4)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_growth_that_the_node_refuses_is_taken_back(corner: Corner, refusal: str) -> None:
    let_growth_be_refused(corner, refusal)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_growth_is_not_tried_again_before_the_back_off_is_over(corner: Corner, refusal: str) -> None:
    corner.change_policy(pacing={"backOffSeconds": 600, "backOffMaxSeconds": 600})
    let_growth_be_refused(corner, refusal)
    stays_empty(lambda: [resizes(corner)] if resizes(corner) > 2 else [], 1)
