"""What policies' statuses say of LS waits and of the room that fillers have given. The clocks are the test's."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from planning_cases import ls, paraset, policy, shape
from runtime_cases import delete, done

from paraset_operator.api.v1alpha1 import FillPolicy, FillPolicyStatus
from paraset_operator.model.plan import Beneficiary, NominatePod, Release
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.runtime.accounts import Accounts
from paraset_operator.runtime.objects import Known
from paraset_operator.runtime.policy_accounts import PolicyAccounts

SET = paraset("s", shape(cpu=2, gpus=1))
LS = ls("ls", cpu=2, gpus=1)
GPU = "nvidia.com/gpu"


class Stage:
    """A leader that counts, and one policy whose stored status is what was told last, as the API server has it."""

    def __init__(self) -> None:
        self.now, self.policy, self.uid = 1_700_049_600.0, policy(), "uid-1"
        self.policies: dict[str, PolicyView | None] = {"n1": self.policy}
        self.stored: dict[str, Any] = {}
        self.accounts = Accounts(Metrics(), self.policies.get, lambda: self.now)
        self.lead()

    def lead(self) -> None:
        self.accounts.lead(False)
        self.accounts.lead(True)
        self.told = PolicyAccounts(self.accounts, lambda: self.now)
        self.status()

    def status(self) -> dict[str, Any]:
        """Return what is told now, as it is stored from then on."""
        raw = {"metadata": {"name": "default", "uid": self.uid, "generation": 1}, "status": self.stored}
        known: Known[FillPolicy] = Known(raw, None, "")
        status = FillPolicyStatus(**self.told.fields_of(known))
        self.stored = status.model_dump(by_alias=True, exclude_none=True)
        return {name: part for name, part in self.stored.items() if name != "nodes"}

    def settled(self) -> dict[str, Any]:
        """Return what is told once all has been still for a while."""
        self.status()
        self.now += 2
        return self.status()

    def binds(self, pod: Pod = LS, node: str = "n1", seconds: float = 1.0) -> None:
        self.accounts.saw_pod(None, pod)
        self.now += seconds
        self.accounts.saw_pod(pod, replace(pod, node=node))

    def evicts(self, pod: Pod = LS) -> None:
        action = delete(owner=SET, beneficiary=Beneficiary(pod.key, pod.uid))
        self.accounts.released(Release("n1", Beneficiary(pod.key, pod.uid), NominatePod(pod, "n1"), (action,)))
        self.accounts.concluded(done(action))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_policy_without_ls_work_says_nothing(stage: Stage) -> None:
    assert stage.settled() == {}


def test_waits_are_told_by_cause(stage: Stage) -> None:
    stage.evicts()
    stage.binds(seconds=2.0)
    stage.binds(ls("second", cpu=1), seconds=0.5)
    stage.binds(ls("third", cpu=1), seconds=1.5)
    assert stage.settled()["lsWaits"] == [
        {"cause": "none", "pods": 2, "seconds": 2.0, "longestSeconds": 1.5},
        {"cause": "yield-evict", "pods": 1, "seconds": 2.0, "longestSeconds": 2.0},
    ]


def test_room_is_told_by_reason_with_what_was_taken(stage: Stage) -> None:
    stage.evicts()
    stage.binds(ls("small", cpu=1, gpus=1))
    (room,) = stage.settled()["room"]
    assert (room["reason"], room["releases"], room["unused"]) == ("YieldsToLatencySensitive", 1, 0)
    assert (room["released"], room["taken"]) == ({"cpu": 2.0, GPU: 1.0}, {"cpu": 1.0, GPU: 1.0})


def test_room_that_nobody_takes_is_told_as_unused(stage: Stage) -> None:
    stage.evicts()
    stage.now += 3600
    stage.accounts.advance()
    (room,) = stage.settled()["room"]
    assert (room["releases"], room["unused"]) == (1, 1)


def test_what_is_on_no_policy_s_node_is_told_by_none(stage: Stage) -> None:
    stage.binds(node="elsewhere")
    assert stage.settled() == {}


def test_who_is_no_ls_pod_by_the_policy_is_not_told(stage: Stage) -> None:
    stage.policies["n1"] = replace(stage.policy, ls_priority=1000)
    stage.binds()
    assert stage.settled() == {}


def test_the_next_leader_goes_on_from_the_status(stage: Stage) -> None:
    stage.binds(seconds=3.0)
    stage.settled()
    stage.lead()
    assert stage.settled()["lsWaits"] == [{"cause": "none", "pods": 1, "seconds": 3.0, "longestSeconds": 3.0}]
    stage.binds(ls("second"), seconds=1.0)
    assert stage.settled()["lsWaits"] == [{"cause": "none", "pods": 2, "seconds": 4.0, "longestSeconds": 3.0}]


def test_a_policy_that_is_made_anew_begins_anew(stage: Stage) -> None:
    stage.binds()
    stage.settled()
    stage.uid, stage.stored = "uid-2", {}
    assert stage.settled() == {}
    stage.binds(ls("second"), seconds=1.0)
    assert stage.settled()["lsWaits"] == [{"cause": "none", "pods": 1, "seconds": 1.0, "longestSeconds": 1.0}]


def test_where_ls_pods_come_all_the_time_it_is_told_once_a_minute(stage: Stage) -> None:
    told = []
    for number in range(180):
        stage.binds(ls(f"ls-{number}"), seconds=1.0)
        told.append(stage.status())
    changes = sum(before != after for before, after in pairwise(told))
    assert 2 <= changes <= 3
