"""What is counted as pods change and writes are answered. The clock is the test's."""

from dataclasses import replace

import pytest
from planning_cases import filler, ls, paraset, pending, policy, shape, terminating
from prometheus_client import CollectorRegistry
from runtime_cases import delete, done, resize

from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.model.plan import Beneficiary, DeletePod, NominatePod, Reason, Release, ResizePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import HeadroomShape, PolicyView
from paraset_operator.reporting.ledger import Book, Hour
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.runtime.accounts import Accounts
from paraset_operator.runtime.released_room import PREEMPTED

SET = paraset("s", shape(cpu=2, gpus=1))
FILLER = filler(SET)
GPU = "nvidia.com/gpu"
LS = ls("ls", cpu=2, gpus=1)
FOR_LS = Beneficiary(LS.key, LS.uid)
HEADROOM = HeadroomShape("serving", {GPU: 1, "cpu": 4000}, 1)


class Stage:
    """Accounts of a leader, with a clock and the policy of all nodes set by the test."""

    def __init__(self) -> None:
        self.now = 1_700_049_600.0
        self.policy: PolicyView | None = policy()
        self.metrics = Metrics()
        self.accounts = Accounts(self.metrics, lambda _node: self.policy, lambda: self.now)
        self.accounts.lead(True)

    def see(self, *states: Pod | None, apart: float = 0.0) -> None:
        """Show a pod's states one after the other."""
        before = None
        for state in states:
            self.accounts.saw_pod(before, state)
            self.now += apart
            before = state

    def yields(self, action: DeletePod | ResizePod) -> None:
        self.accounts.released(Release("n1", FOR_LS, NominatePod(LS, "n1"), (action,)))
        self.accounts.concluded(done(action))

    @property
    def hour(self) -> Hour:
        assert self.accounts.book is not None
        self.accounts.advance()
        (hour,) = self.accounts.book.hours.values()
        return hour

    @property
    def causes(self) -> list[str]:
        return list(self.hour.waits)

    def metric(self, name: str, **labels: str) -> float | None:
        registry: CollectorRegistry = self.metrics.registry
        return registry.get_sample_value(name, labels)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def bound(pod: Pod = LS, node: str = "n1") -> Pod:
    return replace(pod, node=node, nominated="")


def test_a_filler_at_work_is_counted_by_resource(stage: Stage) -> None:
    stage.see(None, FILLER)
    stage.now += 10
    assert stage.hour.sets["a/s"].filled == {"cpu": 20.0, GPU: 10.0}
    assert stage.metric("paraset_filled_resource_seconds_total", namespace="a", paraset="s", resource="cpu") == 20


def test_a_filler_counts_from_running_until_it_is_told_to_leave(stage: Stage) -> None:
    stage.see(None, pending(FILLER), FILLER, terminating(FILLER), None, apart=10)
    assert stage.hour.sets["a/s"].filled == {"cpu": 20.0, GPU: 10.0}


def test_a_filler_counts_at_the_size_it_has(stage: Stage) -> None:
    stage.see(None, FILLER, replace(FILLER, requests={"cpu": 1000, GPU: 1}), apart=10)
    assert stage.hour.sets["a/s"].filled == {"cpu": 30.0, GPU: 20.0}


def test_other_pods_are_not_counted(stage: Stage) -> None:
    stage.see(None, ls("web", cpu=1, node="n1"))
    stage.now += 10
    assert stage.accounts.book is not None
    stage.accounts.advance()
    assert stage.accounts.book.hours == {}


def test_who_does_not_lead_counts_nothing(stage: Stage) -> None:
    stage.accounts.lead(False)
    stage.see(None, FILLER, None, apart=10)
    stage.see(None, LS, bound(), apart=1)
    stage.accounts.lead(True)
    assert stage.accounts.book is not None
    stage.accounts.advance()
    assert stage.accounts.book.hours == {}
    assert stage.metric("paraset_ls_wait_seconds_count", cause="none") == 0


def test_who_begins_to_lead_counts_what_is_held_from_then_on(stage: Stage) -> None:
    stage.accounts.lead(False)
    stage.see(None, FILLER)
    stage.now += 100
    stage.accounts.lead(True)
    stage.now += 10
    assert stage.hour.sets["a/s"].filled[GPU] == 10


def test_a_book_that_says_all_there_is_need_not_be_written(stage: Stage) -> None:
    stage.accounts.lead(False)
    stage.see(None, FILLER)
    stage.accounts.lead(True)
    stage.accounts.adopt(Book(stage.now - 50, {"a/s": {"cpu": 2.0, GPU: 1.0}}))
    assert stage.accounts.changes == 0
    assert stage.hour.sets["a/s"].filled[GPU] == 50


def test_what_is_held_otherwise_than_the_book_says_has_to_be_written(stage: Stage) -> None:
    stage.accounts.adopt(Book(stage.now - 50, {"a/s": {"cpu": 2.0}}))
    assert stage.accounts.changes > 0


def test_time_alone_changes_nothing(stage: Stage) -> None:
    stage.see(None, FILLER)
    before = stage.accounts.changes
    stage.now += 1000
    stage.accounts.advance()
    assert stage.accounts.changes == before


def test_an_ls_pod_that_is_bound_by_itself_has_no_cause(stage: Stage) -> None:
    stage.see(None, LS, bound(), apart=0.25)
    assert stage.causes == ["none"]
    assert stage.metric("paraset_ls_wait_seconds_sum", cause="none") == pytest.approx(0.25)


def test_a_gated_pod_does_not_wait_yet(stage: Stage) -> None:
    stage.see(None, replace(LS, is_gated=True), LS, bound(), apart=5)
    assert stage.metric("paraset_ls_wait_seconds_sum", cause="none") == pytest.approx(5)


@pytest.mark.parametrize(
    ("action", "cause"),
    [
        (delete(pod=FILLER, owner=SET, beneficiary=FOR_LS), "yield-evict"),
        (resize(pod=FILLER, owner=SET, beneficiary=FOR_LS), "yield-shrink"),
    ],
)
def test_an_ls_pod_for_which_room_was_made_waited_for_that(
    stage: Stage, action: DeletePod | ResizePod, cause: str
) -> None:
    stage.see(None, LS)
    stage.yields(action)
    stage.see(replace(LS, nominated="n1"), bound())
    assert stage.causes == [cause]


def test_an_ls_pod_that_the_scheduler_nominated_was_preempted_for(stage: Stage) -> None:
    stage.see(None, LS, replace(LS, nominated="n1"), bound())
    assert stage.causes == ["native"]


def test_a_release_for_which_the_scheduler_was_quicker_is_native(stage: Stage) -> None:
    stage.see(None, LS)
    stage.accounts.released(Release("n1", FOR_LS, NominatePod(LS, "n1"), (delete(pod=FILLER, owner=SET),)))
    stage.accounts.concluded(Outcome(NominatePod(LS, "n1"), Result.SUPERSEDED, 409))
    stage.see(LS, replace(LS, nominated="n1"), bound())
    assert stage.causes == ["native"]


def test_a_pod_that_is_only_nominated_waits_for_what_leaves_for_others(stage: Stage) -> None:
    stage.accounts.concluded(done(delete(pod=FILLER, owner=SET)))
    stage.see(None, LS)
    stage.accounts.released(Release("n1", FOR_LS, NominatePod(LS, "n1"), ()))
    stage.see(replace(LS, nominated="n1"), bound())
    assert stage.causes == ["yield-evict"]


@pytest.mark.parametrize(("pod", "cause"), [(LS, "headroom"), (ls("web", cpu=1), "none"), (ls("big", gpus=2), "none")])
def test_who_finds_headroom_of_its_kind_owes_it_to_that(stage: Stage, pod: Pod, cause: str) -> None:
    stage.policy = policy(headroom=(HEADROOM,))
    stage.see(None, pod, bound(pod))
    assert stage.causes == [cause]


@pytest.mark.parametrize("covering", [None, policy(ls_priority=100)])
def test_work_that_is_not_ls_is_none_of_our_business(stage: Stage, covering: PolicyView | None) -> None:
    stage.policy = covering
    stage.see(None, LS, bound())
    assert stage.causes == ["other"]


def test_a_pod_that_goes_without_being_bound_is_not_measured(stage: Stage) -> None:
    stage.see(None, LS, None)
    stage.see(None, bound())
    assert stage.accounts.book is not None
    assert stage.accounts.book.hours == {}


def test_room_is_taken_by_the_pod_that_is_bound_to_its_node(stage: Stage) -> None:
    stage.see(None, LS)
    stage.yields(delete(pod=FILLER, owner=SET, beneficiary=FOR_LS))
    stage.see(LS, bound())
    room = stage.hour.room[Reason.YIELDS.value]
    assert (room.releases, room.released, room.taken) == (1, {"cpu": 2.0, GPU: 1.0}, {"cpu": 2.0, GPU: 1.0})
    labels = {"reason": Reason.YIELDS.value, "resource": GPU}
    assert stage.metric("paraset_room_taken_total", **labels) == 1


def test_a_pod_that_is_bound_before_its_release_is_answered_takes_it_all_the_same(stage: Stage) -> None:
    action = delete(pod=FILLER, owner=SET, beneficiary=FOR_LS)
    stage.see(None, LS)
    stage.accounts.released(Release("n1", FOR_LS, NominatePod(LS, "n1"), (action,)))
    stage.see(LS, bound())
    stage.accounts.concluded(done(action))
    assert stage.hour.room[Reason.YIELDS.value].taken == {"cpu": 2.0, GPU: 1.0}


def test_a_pod_that_found_room_by_itself_takes_nothing_released_later(stage: Stage) -> None:
    stage.see(None, LS, bound())
    stage.accounts.concluded(done(delete(pod=FILLER, owner=SET)))
    assert stage.hour.room[Reason.YIELDS.value].taken == {}


def test_no_more_is_taken_than_was_released(stage: Stage) -> None:
    stage.accounts.concluded(done(delete(pod=FILLER, owner=SET)))
    for index in range(2):
        pod = ls(f"ls-{index}", cpu=2, gpus=1)
        stage.see(None, pod, bound(pod))
    assert stage.hour.room[Reason.YIELDS.value].taken[GPU] == 1


def test_a_pod_on_another_node_takes_nothing(stage: Stage) -> None:
    stage.accounts.concluded(done(delete(pod=FILLER, owner=SET)))
    stage.see(None, LS, bound(node="n2"))
    assert stage.hour.room[Reason.YIELDS.value].taken == {}


def test_what_nobody_takes_within_a_minute_after_the_grace_was_released_for_nothing(stage: Stage) -> None:
    stage.accounts.concluded(done(delete(pod=FILLER, owner=SET, grace_seconds=30)))
    stage.now += 89
    assert stage.hour.room[Reason.YIELDS.value].unused == 0
    stage.now += 2
    assert stage.hour.room[Reason.YIELDS.value].unused == 1
    assert stage.metric("paraset_room_unused_total", reason=Reason.YIELDS.value) == 1


def test_what_was_taken_in_time_is_no_thrash(stage: Stage) -> None:
    stage.accounts.concluded(done(delete(pod=FILLER, owner=SET)))
    stage.see(None, LS, bound())
    stage.now += 1000
    assert stage.hour.room[Reason.YIELDS.value].unused == 0


def test_headroom_that_nobody_takes_is_no_thrash(stage: Stage) -> None:
    stage.accounts.concluded(done(delete(Reason.HEADROOM, pod=FILLER, owner=SET)))
    stage.now += 3500
    stage.accounts.advance()
    stage.now += 150
    assert stage.accounts.book is not None
    stage.accounts.advance()
    assert sum(hour.room[Reason.HEADROOM.value].unused for hour in stage.accounts.book.hours.values() if hour.room) == 0


def test_a_filler_that_the_scheduler_preempts_is_told_apart(stage: Stage) -> None:
    stage.see(FILLER, replace(terminating(FILLER), is_preempted=True))
    assert (stage.hour.sets["a/s"].preempted, stage.hour.room[PREEMPTED].releases) == (1, 1)


@pytest.mark.parametrize(("start", "life", "is_short"), [(30, 10, 1), (10, 30, 0), (10, 10, 0)])
def test_a_filler_that_lives_for_less_than_its_start_is_counted(
    stage: Stage, start: float, life: float, is_short: int
) -> None:
    stage.see(None, pending(FILLER), apart=start)
    stage.see(FILLER, apart=life)
    stage.see(terminating(FILLER), None)
    assert stage.hour.sets["a/s"].short_lived == is_short
    count = stage.metric("paraset_short_lived_fillers_total", namespace="a", paraset="s")
    assert (count or 0) == is_short


def test_a_filler_that_never_got_ready_was_not_worth_its_start(stage: Stage) -> None:
    stage.see(None, pending(FILLER), None, apart=5)
    assert stage.hour.sets["a/s"].short_lived == 1


def test_a_filler_that_was_there_before_us_is_not_judged(stage: Stage) -> None:
    stage.see(None, FILLER, None, apart=5)
    assert stage.hour.sets["a/s"].short_lived == 0


def test_evictions_and_what_they_lost_are_counted_by_set(stage: Stage) -> None:
    stage.accounts.concluded(done(delete(pod=FILLER, owner=SET, lost_seconds=100)))
    stage.accounts.concluded(done(resize(pod=FILLER, owner=SET)))
    account = stage.hour.sets["a/s"]
    assert (account.evictions, account.shrinks, account.lost) == (1, 1, {"cpu": 200.0, GPU: 100.0})


def test_what_was_not_carried_out_costs_nothing(stage: Stage) -> None:
    stage.accounts.concluded(Outcome(delete(pod=FILLER, owner=SET), Result.GONE, 404))
    assert stage.accounts.book is not None
    assert stage.accounts.book.hours == {}
