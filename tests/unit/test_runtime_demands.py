"""LS pods that wait: when they are answered, how often, and how long that took."""

import asyncio
from dataclasses import replace

import pytest
from planning_cases import filler, ls, paraset
from runtime_cases import Clock

from paraset_operator.acting.need import why_gone
from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.cluster.cache import PodStore
from paraset_operator.model.plan import Beneficiary, DeletePod, Reason
from paraset_operator.model.pod import Pod
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.runtime.demands import BURST, CALM, HEAD_START, Demands

SET = paraset()
LS = ls("ls", cpu=1)
HUMBLE = replace(LS, may_preempt=False)
FOR_LS = Beneficiary(LS.key, LS.uid)
EVICTION = DeletePod(filler(SET, 0), SET, Reason.YIELDS, beneficiary=FOR_LS)


@pytest.fixture
def clock() -> Clock:
    return Clock(100.0)


@pytest.fixture
def sent() -> list[float]:
    return []


@pytest.fixture
def demands(clock: Clock, sent: list[float]) -> Demands:
    return Demands(sent.append, clock)


def test_the_scheduler_has_a_head_start(demands: Demands, clock: Clock) -> None:
    assert demands.saw_pod(None, LS) == HEAD_START
    assert demands.fresh == {LS.uid}
    assert not demands.is_any_due
    clock.now += HEAD_START
    assert not demands.fresh
    assert demands.is_any_due


def test_a_pod_the_scheduler_may_not_preempt_for_is_due_at_once(demands: Demands) -> None:
    assert demands.saw_pod(None, HUMBLE) == 0.0
    assert demands.is_any_due


def test_a_pod_begins_to_wait_once(demands: Demands) -> None:
    demands.saw_pod(None, LS)
    assert demands.saw_pod(LS, replace(LS, revision="2")) is None


@pytest.mark.parametrize("gone", [None, replace(LS, node="n"), replace(LS, nominated="n")])
def test_a_pod_that_waits_no_more_is_not_due(demands: Demands, clock: Clock, gone: Pod | None) -> None:
    demands.saw_pod(None, LS)
    demands.saw_pod(LS, gone)
    clock.now += 1.0
    assert not demands.is_any_due


def test_the_time_to_the_first_write_is_counted_without_the_head_start(
    demands: Demands, clock: Clock, sent: list[float]
) -> None:
    demands.saw_pod(None, LS)
    clock.now += HEAD_START + 0.02
    demands.decided(LS.uid)
    demands.saw_pod(LS, replace(LS, nominated="n"))
    clock.now += 0.01
    demands.sends(EVICTION)
    demands.sends(EVICTION)
    assert sent == [pytest.approx(0.03)]


def test_a_pod_that_no_room_could_be_made_for_at_first_is_not_timed(
    demands: Demands, clock: Clock, sent: list[float]
) -> None:
    demands.saw_pod(None, LS)
    clock.now += 1.0
    demands.looked_at(Snapshot(waiting=(LS,)))
    clock.now += 60.0
    demands.decided(LS.uid)
    demands.sends(EVICTION)
    assert sent == []


def test_a_pod_is_answered_once_a_filler_was_evicted_for_it(demands: Demands) -> None:
    demands.saw_pod(None, LS)
    demands.concluded(Outcome(EVICTION, Result.FAILED))
    assert not demands.answered
    demands.concluded(Outcome(EVICTION, Result.DONE))
    assert demands.answered == {LS.uid}
    demands.saw_pod(LS, replace(LS, node="n"))
    assert not demands.answered


def store(*pods: Pod) -> PodStore:
    pods_seen = PodStore()
    for pod in pods:
        pods_seen.put(pod)
    return pods_seen


def test_room_is_needed_while_its_pod_waits() -> None:
    assert why_gone(FOR_LS, store(LS)) == ""


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (replace(LS, node="n1"), "is bound to n1"),
        (replace(LS, nominated="n2"), "is nominated to n2"),
        (replace(LS, is_terminating=True), "is gone"),
        (replace(LS, uid="another"), "is gone"),
    ],
)
def test_room_is_not_needed_any_more(now: Pod, words: str) -> None:
    assert words in why_gone(FOR_LS, store(now))


def test_room_for_a_pod_that_is_not_there_is_not_needed() -> None:
    assert "is gone" in why_gone(FOR_LS, store())


def test_our_own_nomination_is_no_reason_to_stop() -> None:
    assert why_gone(FOR_LS, store(replace(LS, nominated="n1")), "n1") == ""


def test_a_nomination_that_was_there_before_the_decision_is_no_reason_to_stop() -> None:
    stuck = replace(LS, nominated="gone")
    assert why_gone(Beneficiary(LS.key, LS.uid, "gone"), store(stuck)) == ""


def test_headroom_is_always_needed() -> None:
    assert why_gone(Beneficiary("headroom p/h copy 1"), store()) == ""


def test_a_pod_is_new_until_a_plan_has_dealt_with_it(demands: Demands, clock: Clock) -> None:
    demands.saw_pod(None, LS)
    assert not demands.is_any_new_due
    clock.now += HEAD_START
    assert demands.is_any_new_due
    demands.looked_at(Snapshot((), (LS,), ()))
    assert demands.is_any_due
    assert not demands.is_any_new_due


@pytest.mark.parametrize("gone", [None, replace(LS, node="n"), replace(LS, nominated="n")])
def test_a_pod_that_waits_no_more_before_any_plan_is_not_new(demands: Demands, clock: Clock, gone: Pod | None) -> None:
    demands.saw_pod(None, LS)
    demands.saw_pod(LS, gone)
    clock.now += HEAD_START
    assert not demands.is_any_new_due


def test_ls_pods_are_coming_for_a_head_start_after_the_last_one(demands: Demands, clock: Clock) -> None:
    assert not demands.are_coming
    demands.saw_pod(None, LS)
    demands.saw_pod(LS, replace(LS, node="n"))
    assert demands.are_coming
    clock.now += HEAD_START
    assert not demands.are_coming


def test_what_is_not_urgent_waits_for_the_first_attempt_to_be_over(demands: Demands) -> None:
    async def bound_meanwhile() -> bool:
        demands.saw_pod(None, LS)
        waiting = asyncio.create_task(demands.lull())
        await asyncio.sleep(0)
        was_waiting = not waiting.done()
        demands.saw_pod(LS, replace(LS, node="n"))
        async with asyncio.timeout(30):
            await waiting
        return was_waiting

    assert asyncio.run(bound_meanwhile())


@pytest.mark.parametrize("quiet", ["lull", "calm"])
def test_a_stream_of_ls_pods_keeps_nobody_back_for_good(clock: Clock, demands: Demands, quiet: str) -> None:
    async def stream() -> None:
        demands.saw_pod(None, LS)
        waiting, number = asyncio.create_task(getattr(demands, quiet)()), 0
        async with asyncio.timeout(30):
            while not waiting.done():
                demands.saw_pod(None, replace(LS, name=f"ls-{number}", uid=f"uid-{number}"))
                number, clock.now = number + 1, clock.now + HEAD_START / 2
                await asyncio.sleep(0.001)

    asyncio.run(stream())
    assert demands.is_any_fresh


@pytest.mark.parametrize("end", [{"node": "n"}, {"nominated": ""}])
def test_it_is_calm_when_few_of_a_burst_wait_for_their_rooms(
    clock: Clock, demands: Demands, end: dict[str, str]
) -> None:
    burst = [replace(LS, name=f"ls-{number}", uid=f"uid-{number}", nominated="n") for number in range(BURST)]

    async def waits() -> bool:
        waiting = asyncio.create_task(demands.calm())
        await asyncio.sleep(0)
        waiting.cancel()
        return not waiting.done()

    for pod in burst:
        demands.saw_pod(None, pod)
    clock.now += CALM
    assert asyncio.run(waits())
    demands.saw_pod(burst[0], replace(burst[0], **end))
    clock.now += CALM
    assert not asyncio.run(waits())


def test_it_is_calm_half_a_second_after_the_last_ls_pod_came(clock: Clock, demands: Demands) -> None:
    async def waits(seconds: float) -> bool:
        demands.saw_pod(None, LS)
        demands.saw_pod(LS, replace(LS, node="n"))
        clock.now += seconds
        waiting = asyncio.create_task(demands.calm())
        await asyncio.sleep(0)
        waiting.cancel()
        return not waiting.done()

    assert asyncio.run(waits(CALM / 2))
    assert not asyncio.run(waits(CALM))
