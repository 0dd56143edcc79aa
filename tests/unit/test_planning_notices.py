"""Notice before a planned move: told first, moved when the time has come, and never a delay for anything else."""

from dataclasses import replace

import pytest
from planning_cases import deletes, filler, ls, node, paraset, pending, shape, snapshot

from paraset_operator.model.plan import Plan, Reason
from paraset_operator.model.pod import Pod
from paraset_operator.model.rates import DisruptionBudget
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Moment
from paraset_operator.planning.planner import plan

NOW = Moment(monotonic=50.0, wall=1000.0)
SET = paraset("s", shape(cpu=1), ceiling=1, notice_seconds=20)
CORDONED = {"trouble": "Cordoned", "is_cordoned": True}


def made(*pods: Pod, owner: ParaSetView = SET, moment: Moment = NOW, **fields: object) -> Plan:
    return plan(snapshot(node(**fields), pods, owner), moment=moment)  # type: ignore[arg-type]


def told(found: Plan) -> list[tuple[str, float]]:
    return [(notice.pod.name, notice.leaving_at) for notice in found.notices]


def test_a_filler_on_a_cordoned_node_is_told_and_stays_for_now() -> None:
    found = made(filler(SET), **CORDONED)
    assert told(found) == [("s-0", 1020.0)]
    assert not deletes(found)


def test_a_notice_says_why() -> None:
    (notice,) = made(filler(SET), **CORDONED).notices
    assert (notice.reason, notice.detail) == (Reason.NODE, "Cordoned")


def test_a_filler_of_an_older_template_is_told() -> None:
    assert told(made(filler(SET, template_hash="older"))) == [("s-0", 1020.0)]


def test_who_was_told_is_not_told_again_and_stays_until_then() -> None:
    found = made(filler(SET, leaving_at=1010.0), **CORDONED)
    assert not found.notices
    assert not deletes(found)


def test_the_next_plan_comes_when_the_time_has_come() -> None:
    assert made(filler(SET, leaving_at=1010.0), **CORDONED).next_check == 60.0


def test_who_was_told_leaves_when_the_time_has_come() -> None:
    found = made(filler(SET, leaving_at=1000.0), **CORDONED)
    assert [each.reason for each in deletes(found)] == [Reason.NODE]


def test_a_time_far_off_buys_nothing() -> None:
    assert told(made(filler(SET, leaving_at=9999.0), **CORDONED)) == [("s-0", 1020.0)]


def test_who_may_stay_after_all_is_told_so() -> None:
    assert told(made(filler(SET, leaving_at=1010.0))) == [("s-0", 0.0)]


@pytest.mark.parametrize("trouble", ["NotReady", "MemoryPressure", "Deleting"])
def test_a_node_in_trouble_gives_no_notice(trouble: str) -> None:
    found = made(filler(SET), trouble=trouble)
    assert not found.notices
    assert deletes(found)


def test_a_filler_that_does_not_run_needs_no_notice() -> None:
    found = made(pending(filler(SET)), **CORDONED)
    assert not found.notices
    assert deletes(found)


def test_a_set_that_wants_no_notice_gets_none() -> None:
    found = made(filler(SET), owner=replace(SET, notice_seconds=0), **CORDONED)
    assert not found.notices
    assert deletes(found)


def test_ls_work_does_not_wait_for_a_notice() -> None:
    found = made(filler(SET), ls(cpu=8))
    assert [each.reason for each in deletes(found)] == [Reason.YIELDS]
    assert not found.notices


def test_a_lowered_ceiling_gives_no_notice() -> None:
    found = made(filler(SET, 0), filler(SET, 1))
    assert [each.reason for each in deletes(found)] == [Reason.ABOVE_CEILING]


def test_no_more_are_told_at_once_than_a_budget_lets_go() -> None:
    owner = replace(SET, ceiling=4, budgets=(DisruptionBudget(1, reasons=frozenset({"Drain"})),))
    pods = [filler(owner, index) for index in range(4)]
    first = made(*pods, owner=owner, **CORDONED)
    assert len(first.notices) == 1
    at = {notice.pod.uid: notice.leaving_at for notice in first.notices}
    # The others lose less by now, and still wait for their turn.
    later = [replace(pod, leaving_at=at.get(pod.uid, 0.0), started=100.0 if pod.uid in at else 990.0) for pod in pods]
    assert not made(*later, owner=owner, **CORDONED).notices


def test_room_of_who_was_told_is_not_given_away_before() -> None:
    assert made(filler(SET, leaving_at=1010.0), owner=replace(SET, ceiling=50), **CORDONED).actions == ()
