"""When a node counts as overcommitted by fillers: they stay although there is not enough for all."""

from dataclasses import replace

from planning_cases import amounts, filler, ls, node, paraset, shape, terminating

from paraset_operator.model.node import Node
from paraset_operator.model.snapshot import NodeState

SET = paraset("s", shape(cpu=2, gpus=1))
FILLER = filler(SET, node="n1")


def of(cpu: float, gpus: int) -> Node:
    return replace(node("n1"), allocatable=amounts(cpu=cpu, memory=64, gpus=gpus, pods=10))


def test_a_node_that_is_exactly_full_is_not_overcommitted() -> None:
    assert not NodeState(of(cpu=4, gpus=1), (FILLER, ls(cpu=2, node="n1"))).is_overcommitted


def test_fillers_that_stay_beside_too_much_ls_work_overcommit_a_node() -> None:
    assert NodeState(of(cpu=3, gpus=1), (FILLER, ls(cpu=2, node="n1"))).is_overcommitted


def test_a_device_that_is_gone_overcommits_a_node() -> None:
    assert NodeState(of(cpu=4, gpus=0), (FILLER,)).is_overcommitted


def test_a_node_whose_fillers_leave_is_on_its_way() -> None:
    assert not NodeState(of(cpu=3, gpus=1), (terminating(FILLER), ls(cpu=2, node="n1"))).is_overcommitted


def test_what_others_overcommit_is_none_of_our_business() -> None:
    assert not NodeState(of(cpu=3, gpus=1), (ls(cpu=4, node="n1"),)).is_overcommitted
