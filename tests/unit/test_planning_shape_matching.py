"""Which headroom shape an LS pod uses up."""

import pytest
from planning_cases import amounts, node, policy

from paraset_operator.model.constraints import UNCONSTRAINED, Constraints, LabelSelector, Requirement, Toleration
from paraset_operator.model.node import Taint
from paraset_operator.model.policy import HeadroomShape
from paraset_operator.planning.shape_matching import shapes_in_reach, smallest_fit

TINY = HeadroomShape("tiny", amounts(cpu=4, memory=8, gpus=1), 1)
LARGE = HeadroomShape("large", amounts(cpu=8, memory=32, gpus=1), 1)
QUAD = HeadroomShape("quad", amounts(cpu=8, gpus=4), 1)
PLAIN = HeadroomShape("plain", amounts(cpu=8), 1)
ALL = (LARGE, QUAD, TINY, PLAIN)
SSD = LabelSelector((Requirement("disk", "In", ("ssd",)),))


@pytest.mark.parametrize(
    ("cpu", "memory", "gpus", "shape"),
    [
        (1, 1, 1, TINY),
        (4, 8, 1, TINY),
        (5, 8, 1, LARGE),
        (4, 9, 1, LARGE),
        (4, 64, 1, QUAD),
        (9, 1, 1, None),
        (1, 1, 4, QUAD),
        (1, 1, 5, None),
        (8, 900, 0, PLAIN),
        (9, 1, 0, None),
    ],
)
def test_a_pod_uses_up_the_smallest_shape_it_fits(cpu: int, memory: int, gpus: int, shape: HeadroomShape) -> None:
    assert smallest_fit(amounts(cpu, memory, gpus, pods=1), ALL) == shape


def test_a_pod_with_another_device_uses_up_none() -> None:
    assert smallest_fit({"cpu": 1000, "amd.com/gpu": 1}, ALL) is None


def test_of_two_shapes_of_one_size_the_first_by_name_is_used() -> None:
    twin = HeadroomShape("a-twin", TINY.resources, 1)
    assert smallest_fit(amounts(cpu=1, gpus=1), (TINY, twin)) == twin


def names(constraints: Constraints, *nodes: object, headroom: tuple[HeadroomShape, ...] = ALL) -> set[str]:
    mine = policy(headroom=headroom, nodes=LabelSelector((Requirement("pool", "In", ("a",)),)))
    return {each.name for each in shapes_in_reach(constraints, mine, (mine,), nodes)}  # type: ignore[arg-type]


def test_a_pod_reaches_the_shapes_of_nodes_where_it_may_run() -> None:
    on_ssd = HeadroomShape("fast", amounts(cpu=1), 1, SSD)
    nodes = [node("n1", labels={"pool": "a"}), node("n2", labels={"pool": "a", "disk": "ssd"})]
    assert names(UNCONSTRAINED, *nodes, headroom=(PLAIN, on_ssd)) == {"plain", "fast"}
    assert names(Constraints((("disk", "hdd"),)), *nodes, headroom=(PLAIN, on_ssd)) == set()
    assert names(UNCONSTRAINED, nodes[0], headroom=(PLAIN, on_ssd)) == {"plain"}


def test_a_pod_does_not_reach_shapes_behind_a_taint_it_does_not_tolerate() -> None:
    tainted = node("n1", labels={"pool": "a"}, taints=(Taint("gpu", "", "NoSchedule"),))
    assert names(UNCONSTRAINED, tainted) == set()
    assert names(Constraints(tolerations=(Toleration("gpu", "Exists"),)), tainted) == {each.name for each in ALL}


def test_nodes_of_others_are_out_of_reach() -> None:
    assert names(UNCONSTRAINED, node("n1", labels={"pool": "b"})) == set()
