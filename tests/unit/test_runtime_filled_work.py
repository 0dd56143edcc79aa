"""What sets have held in all, in their statuses: across leaders, and without a write for time alone."""

from typing import Any

import pytest
from planning_cases import filler, paraset, shape

from paraset_operator.api.v1alpha1 import ParaSet
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.runtime.accounts import Accounts
from paraset_operator.runtime.filled_work import FilledWork
from paraset_operator.runtime.objects import Known

SET = paraset("s", shape(cpu=2))
FILLER = filler(SET)
START = 1_700_049_600.0


class Stage:
    """A leader that counts, and the status of the one set as the test says."""

    def __init__(self) -> None:
        self.time = START
        self.accounts = Accounts(Metrics(), lambda _node: None, lambda: self.time)
        self.accounts.saw_pod(None, FILLER)
        self.accounts.lead(True)
        self.work = FilledWork(self.accounts)

    def status(self, wanted: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
        self.accounts.advance()
        raw = {"metadata": {"namespace": "a", "name": "s", "uid": SET.uid, "generation": 1}, "status": stored}
        known: Known[ParaSet] = Known(raw, None, "")
        return dict(self.work.added_to(wanted, known))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def told(cores: int, as_of: str = "2023-11-15T11:59:10Z") -> dict[str, Any]:
    return {"filledWork": {"resourceSeconds": {"cpu": cores}, "asOf": as_of}}


def test_a_status_that_changes_says_what_has_been_held(stage: Stage) -> None:
    stage.time += 10
    found = stage.status({"replicas": 1}, {"replicas": 0})
    assert found["filledWork"] == {"resourceSeconds": {"cpu": 20}, "asOf": "2023-11-15T12:00:10Z"}


def test_time_alone_changes_no_status(stage: Stage) -> None:
    stored = {"replicas": 1, **told(20)}
    stage.time += 1000
    assert stage.status({"replicas": 1}, stored) == stored


def test_a_status_that_is_on_its_way_is_not_written_twice(stage: Stage) -> None:
    first = stage.status({"replicas": 1}, {"replicas": 0})
    stage.time += 10
    assert stage.status({"replicas": 1}, {"replicas": 0}) == first


def test_the_next_leader_goes_on_from_what_is_told_and_counts_the_time_between(stage: Stage) -> None:
    stage.time += 10
    stored = {"replicas": 0, "resources": {"cpu": "1"}, **told(100)}
    # 50 s between the two leaders, with one core before and two after; then ten seconds of two cores.
    assert stage.status({"replicas": 1}, stored)["filledWork"]["resourceSeconds"]["cpu"] == 100 + 50 + 20


def test_a_set_of_the_same_name_begins_with_nothing(stage: Stage) -> None:
    stage.time += 10
    stage.status({"replicas": 1}, {})
    stage.work.forget(Known({"metadata": {"namespace": "a", "name": "s", "uid": SET.uid}}, None, ""))
    assert stage.status({"replicas": 1}, {})["filledWork"]["resourceSeconds"].get("cpu", 0) == 0
