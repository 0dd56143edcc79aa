"""What is remembered between plans: cool-downs, back-offs and what yields have cost. The clock is the test's."""

import time
from dataclasses import replace
from typing import Any

import pytest
from planning_cases import filler, terminating
from runtime_cases import LS, SET, Clock, create, delete, done, refused, resize

from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.model.plan import Limit, Reason
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PacingRules
from paraset_operator.runtime.memory import Memory, is_quota, work_lost

RULES = PacingRules(cool_down=60, back_off=10, back_off_max=300)
QUOTA = 'pods "s-0" is forbidden: exceeded quota: q'
RUNNING = filler(SET)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> Memory:
    return Memory(lambda _node: RULES, clock)


def cause_of(memory: Memory, clock: Clock, node: str = "") -> Limit | None:
    wait = memory.pacing.back_off_of(SET.uid, clock.now, node)
    return wait.cause if wait else None


def failing(trouble: str, **fields: Any) -> Pod:
    return replace(RUNNING, trouble=trouble, is_ready=False, **fields)


@pytest.mark.parametrize("action", [delete(Reason.YIELDS), resize(Reason.YIELDS)])
def test_a_node_that_gave_room_to_ls_work_cools_down(memory: Memory, clock: Clock, action: Any) -> None:
    memory.concluded(done(action))
    assert memory.pacing.is_cooling("n1", clock.now + 59)
    assert not memory.pacing.is_cooling("n1", clock.now + 61)


@pytest.mark.parametrize("action", [delete(Reason.HEADROOM), resize(Reason.HEADROOM), delete(Reason.NODE)])
def test_a_node_that_gave_room_to_nobody_yet_does_not_cool_down(memory: Memory, clock: Clock, action: Any) -> None:
    memory.concluded(done(action))
    assert not memory.pacing.is_cooling("n1", clock.now)


def test_a_node_where_the_scheduler_preempted_cools_down_too(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(RUNNING, replace(terminating(RUNNING), is_preempted=True))
    assert memory.pacing.is_cooling("n1", clock.now)


def test_a_victim_that_is_marked_before_it_is_deleted_does_not_begin_a_cool_down(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(RUNNING, replace(RUNNING, is_preempted=True))
    assert not memory.pacing.is_cooling("n1", clock.now)


def test_an_eviction_that_was_not_carried_out_costs_nothing(memory: Memory, clock: Clock) -> None:
    memory.concluded(Outcome(delete(), Result.GONE, 404))
    assert memory.losses == {}
    assert not memory.pacing.is_cooling("n1", clock.now)


def test_what_an_eviction_lost_is_added_up(memory: Memory) -> None:
    for _ in range(2):
        memory.concluded(done(delete(lost_seconds=100.0)))
    assert memory.losses[SET.uid].evictions == 2
    assert memory.losses[SET.uid].resource_seconds == {"cpu": 200}


def test_a_shrink_loses_no_work(memory: Memory) -> None:
    memory.concluded(done(resize()))
    assert (memory.losses[SET.uid].shrinks, memory.losses[SET.uid].resource_seconds) == (1, {})


def test_lost_work_is_told_in_cores_and_without_pod_slots() -> None:
    pod = filler(SET, requests={"cpu": 1500, "memory": 10, "pods": 1})
    assert work_lost(delete(pod=pod, lost_seconds=10)) == {"cpu": 15, "memory": 100}


@pytest.mark.parametrize("trouble", ["CrashLoopBackOff", "CreateContainerConfigError"])
def test_a_filler_that_crashes_makes_its_set_wait(memory: Memory, clock: Clock, trouble: str) -> None:
    memory.saw_pod(RUNNING, failing(trouble))
    assert cause_of(memory, clock) is Limit.CRASHING


@pytest.mark.parametrize("trouble", ["ImagePullBackOff", "InvalidImageName"])
def test_an_image_that_can_not_be_pulled_makes_the_set_wait(memory: Memory, clock: Clock, trouble: str) -> None:
    memory.saw_pod(RUNNING, failing(trouble))
    assert cause_of(memory, clock) is Limit.PULLING


def test_a_pull_that_takes_longer_to_fail_than_the_set_waited_doubles_the_wait_all_the_same(
    memory: Memory, clock: Clock
) -> None:
    memory.saw_pod(RUNNING, failing("ImagePullBackOff"))
    clock.now += 11 + 40
    tried = replace(filler(SET, 1), created=time.time() - 40)
    memory.saw_pod(tried, replace(tried, trouble="ImagePullBackOff"))
    assert memory.pacing.back_offs[SET.uid].seconds == 2 * RULES.back_off


@pytest.mark.parametrize("trouble", ["Evicted", "OutOfcpu", "NodeShutdown"])
def test_a_filler_that_its_node_turned_away_keeps_the_set_off_that_node(
    memory: Memory, clock: Clock, trouble: str
) -> None:
    memory.saw_pod(RUNNING, failing(trouble, is_finished=True))
    assert cause_of(memory, clock) is None
    assert cause_of(memory, clock, "n1") is Limit.PENDING


def test_a_wait_begins_with_the_first_of_several_failures(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(RUNNING, failing("CrashLoopBackOff"))
    clock.now += 9
    memory.saw_pod(filler(SET, 1), failing("CrashLoopBackOff"))
    clock.now += 2
    assert cause_of(memory, clock) is None


def test_a_filler_that_goes_on_failing_counts_once(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(RUNNING, failing("CrashLoopBackOff"))
    clock.now += 11
    memory.saw_pod(failing("CrashLoopBackOff"), failing("CrashLoopBackOff", revision="2"))
    assert cause_of(memory, clock) is None


def test_a_filler_that_ends_at_once_makes_its_set_wait(memory: Memory, clock: Clock) -> None:
    ended = replace(RUNNING, is_finished=True, started=time.time())
    memory.saw_pod(RUNNING, ended)
    assert cause_of(memory, clock) is Limit.CRASHING


def test_a_filler_that_ends_after_a_while_is_fine(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(RUNNING, replace(RUNNING, is_finished=True, started=time.time() - 60))
    assert cause_of(memory, clock) is None


@pytest.mark.parametrize("trouble", ["Failed", ""])
def test_a_filler_that_ends_because_it_was_told_to_blames_nobody(memory: Memory, clock: Clock, trouble: str) -> None:
    leaving = replace(terminating(RUNNING), started=time.time())
    memory.saw_pod(leaving, replace(leaving, is_finished=True, is_ready=False, trouble=trouble))
    assert (cause_of(memory, clock), cause_of(memory, clock, "n1")) == (None, None)


def test_a_filler_that_gets_ready_proves_its_template(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(RUNNING, failing("CrashLoopBackOff"))
    clock.now += 11
    memory.saw_pod(replace(RUNNING, is_ready=False), RUNNING)
    assert memory.pacing.proofs[SET.uid] == 1


def test_a_filler_that_gets_ready_proves_nothing_about_a_quota(memory: Memory, clock: Clock) -> None:
    memory.concluded(refused(create(), QUOTA))
    clock.now += 11
    memory.saw_pod(replace(RUNNING, is_ready=False), RUNNING)
    assert SET.uid not in memory.pacing.proofs


@pytest.mark.parametrize(
    ("message", "cause"),
    [(QUOTA, Limit.QUOTA), ('pods "s-0" is forbidden: violates PodSecurity "restricted"', Limit.TEMPLATE)],
)
def test_a_refused_create_makes_the_set_wait(memory: Memory, clock: Clock, message: str, cause: Limit) -> None:
    memory.concluded(refused(create(), message))
    assert cause_of(memory, clock) is cause


def test_a_create_that_may_help_to_repeat_makes_nobody_wait(memory: Memory, clock: Clock) -> None:
    memory.concluded(Outcome(create(), Result.FAILED, 500, "etcd"))
    assert cause_of(memory, clock) is None


def test_a_growth_that_a_quota_refuses_makes_the_set_wait(memory: Memory, clock: Clock) -> None:
    memory.concluded(refused(resize(Reason.GROWS), QUOTA))
    assert cause_of(memory, clock) is Limit.QUOTA


def test_a_shrink_that_is_refused_makes_nobody_wait(memory: Memory, clock: Clock) -> None:
    memory.concluded(refused(resize(Reason.SHRINKS), QUOTA))
    assert cause_of(memory, clock) is None


def test_a_filler_withdrawn_as_pending_keeps_its_set_off_that_node(memory: Memory, clock: Clock) -> None:
    memory.concluded(done(delete(Reason.STAYS_PENDING)))
    assert cause_of(memory, clock, "n1") is Limit.PENDING
    assert cause_of(memory, clock) is None


def test_a_changed_template_is_forgiven(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(RUNNING, failing("CrashLoopBackOff"))
    memory.concluded(done(delete(Reason.STAYS_PENDING)))
    memory.forgive(SET.uid)
    assert cause_of(memory, clock) is None
    assert cause_of(memory, clock, "n1") is None


def test_a_set_yields_from_the_decision_until_the_filler_is_gone(memory: Memory) -> None:
    memory.began(delete(Reason.YIELDS, beneficiary=LS))
    assert list(memory.yielding.values()) == [SET.uid]
    memory.saw_pod(terminating(RUNNING), None)
    assert memory.yielding == {}


def test_a_set_yields_until_the_shrink_is_done(memory: Memory) -> None:
    memory.began(resize(Reason.YIELDS))
    shrinking = replace(RUNNING, held=RUNNING.held | {"cpu": 5000})
    memory.saw_pod(RUNNING, shrinking)
    assert memory.yielding
    memory.saw_pod(shrinking, RUNNING)
    assert memory.yielding == {}


@pytest.mark.parametrize("action", [delete(Reason.YIELDS), resize(Reason.YIELDS)])
def test_a_yield_that_failed_is_none(memory: Memory, action: Any) -> None:
    memory.began(action)
    memory.concluded(Outcome(action, Result.FAILED, 500))
    assert memory.yielding == {}


def test_other_departures_are_no_yield(memory: Memory) -> None:
    memory.began(delete(Reason.NODE))
    assert memory.yielding == {}


def test_creates_count_for_the_rate_of_their_set(memory: Memory) -> None:
    for index in range(3):
        memory.began(create(index=index))
    assert sum(count for _, count in memory.pacing.creations[SET.uid]) == 3


def test_what_waits_for_the_scheduler_is_known_since_when(memory: Memory, clock: Clock) -> None:
    memory.waits(["a"])
    clock.now += 5
    memory.waits(["a", "b"])
    assert dict(memory.pacing.unbound_since) == {"a": 1000.0, "b": 1005.0}
    memory.waits(["b"])
    assert dict(memory.pacing.unbound_since) == {"b": 1005.0}


def test_pods_of_others_are_of_no_interest(memory: Memory) -> None:
    before = memory.pacing
    other = Pod("a", "x", "uid-x", node="n1", trouble="CrashLoopBackOff", is_terminating=True, is_preempted=True)
    memory.saw_pod(None, other)
    assert memory.pacing is before


def test_a_quota_is_told_by_the_servers_words() -> None:
    assert is_quota(QUOTA)
    assert not is_quota('pods "s-0" is forbidden: violates PodSecurity')


def ready_on(node: str, index: int = 1) -> Pod:
    return filler(SET, index, node=node)


def test_where_only_one_node_fails_that_node_is_avoided(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(None, ready_on("n2"))
    clock.now += 11
    memory.saw_pod(RUNNING, failing("CrashLoopBackOff"))
    assert cause_of(memory, clock) is None
    assert cause_of(memory, clock, "n1") is Limit.CRASHING


def test_a_node_whose_images_can_not_be_pulled_is_avoided(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(None, ready_on("n2"))
    clock.now += 11
    memory.saw_pod(None, failing("ImagePullBackOff"))
    assert (cause_of(memory, clock), cause_of(memory, clock, "n1")) == (None, Limit.PULLING)


def test_a_template_that_fails_on_more_nodes_than_it_runs_well_on_is_to_blame(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(None, ready_on("n9"))
    clock.now += 11
    for index, node in enumerate(("n1", "n2")):
        memory.saw_pod(None, filler(SET, index + 2, node=node, trouble="CrashLoopBackOff", is_ready=False))
    assert cause_of(memory, clock) is Limit.CRASHING


def test_who_has_been_ready_for_a_moment_says_nothing_for_its_template(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(None, ready_on("n2"))
    clock.now += 9
    memory.saw_pod(None, failing("CrashLoopBackOff"))
    assert cause_of(memory, clock) is Limit.CRASHING


def test_who_ran_well_with_another_template_says_nothing(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(None, replace(ready_on("n2"), template_hash="older"))
    clock.now += 11
    memory.saw_pod(None, failing("CrashLoopBackOff"))
    assert cause_of(memory, clock) is Limit.CRASHING


def test_who_has_left_says_nothing(memory: Memory, clock: Clock) -> None:
    memory.saw_pod(None, ready_on("n2"))
    clock.now += 11
    memory.saw_pod(ready_on("n2"), None)
    memory.saw_pod(None, failing("CrashLoopBackOff"))
    assert cause_of(memory, clock) is Limit.CRASHING


def test_who_leaves_of_its_sets_own_will_is_counted(memory: Memory, clock: Clock) -> None:
    for reason in (Reason.ABOVE_CEILING, Reason.OUTDATED, Reason.YIELDS, Reason.SUSPENDED):
        memory.began(delete(reason))
    assert memory.pacing.removals[SET.uid] == ((clock.now, 2),)
