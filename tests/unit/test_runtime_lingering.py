"""Fillers that somebody has given longer to leave than their policy allows are told again."""

from dataclasses import replace

from planning_cases import filler, node, paraset, policy, shape, snapshot, terminating

from paraset_operator.model.plan import Reason
from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView
from paraset_operator.runtime.lingering import Lingering

SET = paraset("s", shape(cpu=4))
POLICY = policy(max_grace_seconds=30)
SLOW = replace(terminating(filler(SET)), grace_seconds=3600)


def told(*seen: Pod | None, sets: ParaSetView | tuple[ParaSetView, ...] = SET, heeded: str = "a") -> list[int]:
    """Return the graces that are given anew after a filler went through these states."""
    lingering = Lingering({"n1": POLICY}.get, lambda namespace: namespace == heeded)
    for before, after in zip((None, *seen), seen, strict=False):
        lingering.saw_pod(before, after)
    found = list(lingering.actions(snapshot(node(), sets=sets)))
    assert all(each.reason is Reason.LINGERS and each.pod.uid == SLOW.uid for each in found)
    return [each.grace_seconds for each in found]


def test_one_with_too_long_a_grace_gets_that_of_the_policy() -> None:
    assert told(filler(SET), SLOW) == [30]


def test_one_that_is_known_from_a_list_is_told_as_well() -> None:
    assert told(SLOW) == [30]


def test_one_whose_set_is_gone_is_told_as_well() -> None:
    assert told(SLOW, sets=()) == [30]


def test_one_with_as_much_as_the_policy_allows_is_left_alone() -> None:
    assert told(replace(SLOW, grace_seconds=30)) == []


def test_one_that_was_told_again_is_left_alone() -> None:
    assert told(SLOW, replace(SLOW, grace_seconds=30)) == []


def test_one_that_is_gone_is_forgotten() -> None:
    assert told(SLOW, None) == []


def test_one_on_a_node_without_a_policy_is_left_alone() -> None:
    assert told(replace(SLOW, node="n2")) == []


def test_one_in_a_namespace_that_another_operator_fills_is_left_alone() -> None:
    assert told(SLOW, heeded="b") == []


def test_a_pod_that_is_no_filler_is_left_alone() -> None:
    assert told(replace(SLOW, owner="")) == []
