"""Carries decisions out, and counts them as done until they are answered.

- An action with `after` waits: it is decided anew once what it waits for has been seen to be gone.
- No second decision about a pod while a create of it is on its way.
- Room is made for an LS pod only after its nomination went through: who was nominated in the same moment by the
  scheduler already has its victims.
- Of releases that wait for their turn, the LS pod of the highest priority comes first, and of equal ones the last in
  the scheduler's queue (turns.py). Before anything of one is sent, its LS pod is looked at again: for one that is
  gone, bound, or nominated by the scheduler meanwhile, the rest is not sent.
- Ordinary writes, and those that make headroom, wait for a `lull` of LS pods that come: they would be in their way.
- What fails is counted as done for a growing pause, so that a broken object costs one request now and then.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from paraset_operator.acting.need import why_gone
from paraset_operator.acting.notices import NoticeBoard
from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.acting.turns import Turns
from paraset_operator.acting.writes import PodWriter, outcome_of
from paraset_operator.api.names import FILLER_PRIORITY
from paraset_operator.api.v1alpha1 import ParaSet
from paraset_operator.cluster.cache import PodStore
from paraset_operator.cluster.client import EXPECTED_ERRORS
from paraset_operator.model.plan import Action, CreatePod, DeletePod, NominatePod, Notice, Reason, Release, ResizePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import largest_of

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 60.0
# Writes of the ordinary plan at a time, and releases for LS work at a time: each has connections of its own, so that
# what is begun is sent at once.
_AT_A_TIME, _RELEASES_AT_A_TIME = 24, 24


class Actuator:
    """Writes of one leader. `find` returns the ParaSet of a uid; what begins and what comes of it is told."""

    def __init__(
        self,
        writer: PodWriter,
        pods: PodStore,
        find: Callable[[str], ParaSet | None],
        on_begin: Callable[[Action], None],
        on_outcome: Callable[[Outcome], None],
        on_release: Callable[[Release], None] = lambda _: None,
        on_send: Callable[[Action], None] = lambda _: None,
        releases_at_a_time: int = _RELEASES_AT_A_TIME,
    ) -> None:
        self._writer, self._pods, self._find = writer, pods, find
        self._on_begin, self._on_outcome = on_begin, on_outcome
        self._on_release, self._on_send = on_release, on_send
        self._slots, self._turns = asyncio.Semaphore(_AT_A_TIME), Turns(releases_at_a_time)
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: dict[str, int] = {}
        self._last_write: dict[str, asyncio.Future[None]] = {}
        self._may_nominate = True
        self._notices = NoticeBoard(writer, pods, self._spawn)

    def carry_out(self, actions: Iterable[Action]) -> None:
        """Begin all actions that need not wait."""
        begun = [action for action in actions if not action_waits(action) and self._is_current(action)]
        for action in begun:
            expected = self._expect(action)
            self._spawn(self._write_in_turn(action, expected))

    def notify(self, notices: Iterable[Notice]) -> None:
        """Begin to tell fillers that they will be moved."""
        self._notices.post(notices)

    def release(self, release: Release) -> None:
        """Begin to make room for one LS pod, at once."""
        if why_gone(release.beneficiary, self._pods):
            return
        self._on_release(release)
        actions = [action for action in release.actions if self._is_current(action)]
        expected = [self._expect(action) for action in actions]
        nomination = release.nomination if self._may_nominate else None
        nominee = self._expect_nomination(nomination) if nomination else None
        writes: list[tuple[Action, Pod]] = list(zip(actions, expected, strict=True))
        self._spawn(self._release_in_turn(release, nominee, writes))

    async def close(self) -> None:
        """Wait for what is under way, not long."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_current(self, action: Action) -> bool:
        """Say whether the pod is still as it was when the decision was made, and no create of it is under way."""
        key = key_of(action)
        seen = self._pods.get(key)
        if isinstance(action, CreatePod):
            return seen is None and self._find(action.owner.uid) is not None
        return seen is not None and bool(seen.uid) and seen.uid == action.pod.uid and not seen.is_terminating

    def _expect(self, action: Action) -> Pod:
        pod = expected_pod(action, self._pods.get(key_of(action)))
        self._on_begin(action)
        self._pods.expect(pod)
        return pod

    def _expect_nomination(self, nomination: NominatePod) -> Pod:
        pod = replace(self._pods.get(nomination.pod.key) or nomination.pod, nominated=nomination.node)
        self._pods.expect(pod)
        return pod

    async def _release_in_turn(self, release: Release, nominee: Pod | None, writes: list[tuple[Action, Pod]]) -> None:
        if not is_urgent(release):
            await self._writer.lull()
        async with self._turns.turn(_rank(release)):
            why, ours = await self._nominate_first(release, nominee)
            why = why or why_gone(release.beneficiary, self._pods, ours)
            if not why:
                marks = release.marks and self._may_nominate
                outcomes = await asyncio.gather(*(self._make_room(action, marks=marks) for action, _ in writes))
        if why:
            self._cancel(writes, why)
            return
        ended = zip(outcomes, writes, strict=True)
        await asyncio.gather(*(self._conclude(outcome, expected) for outcome, (_, expected) in ended))

    async def _nominate_first(self, release: Release, nominee: Pod | None) -> tuple[str, str]:
        """Return why no room has to be made, and the node where the LS pod is nominated now by us; empty for none."""
        if release.nomination is None or nominee is None:
            return "", ""
        why = why_gone(release.beneficiary, self._pods, release.node)
        if why:
            self._pods.settle(nominee)
            return why, ""
        outcome = await self._nominate(release.nomination, nominee)
        if outcome.result in (Result.SUPERSEDED, Result.GONE):
            return outcome.message or outcome.result.value, ""
        return "", release.node if outcome.is_done else ""

    def _cancel(self, writes: Iterable[tuple[Action, Pod]], why: str) -> None:
        for action, expected in writes:
            self._pods.settle(expected)
            self._on_outcome(Outcome(action, Result.SUPERSEDED, 0, why))

    async def _make_room(self, action: Action, *, marks: bool) -> Outcome:
        self._on_send(action)
        if not (marks and isinstance(action, DeletePod)):
            return await self._send(action)
        _, outcome = await asyncio.gather(self._mark(action), self._send(action))
        return outcome

    async def _nominate(self, nomination: NominatePod, nominee: Pod) -> Outcome:
        outcome = await self._attempt(nomination, self._writer.nominate(nomination))
        if outcome.result is Result.REFUSED:
            self._may_nominate = False
        self._pods.settle(nominee)
        self._on_outcome(outcome)
        return outcome

    async def _write_in_turn(self, action: Action, expected: Pod) -> None:
        async with self._slots:
            await self._writer.lull()
            outcome = await self._send(action)
        await self._conclude(outcome, expected)

    async def _mark(self, action: DeletePod) -> None:
        """Mark a victim; one that can't be marked is deleted all the same, and may cost a second one its place."""
        with contextlib.suppress(*EXPECTED_ERRORS):
            await self._writer.mark(action)

    async def _send(self, action: Action) -> Outcome:
        """Send a write once all earlier ones about the same pod are answered, so that the last decision holds."""
        key, mine = key_of(action), asyncio.get_running_loop().create_future()
        earlier, self._last_write[key] = self._last_write.get(key), mine
        try:
            if earlier is not None:
                await earlier
            return await self._send_now(action)
        finally:
            mine.set_result(None)
            if self._last_write.get(key) is mine:
                del self._last_write[key]

    async def _send_now(self, action: Action) -> Outcome:
        if isinstance(action, DeletePod):
            return await self._attempt(action, self._writer.delete(action))
        paraset = self._find(action.owner.uid)
        if paraset is None:
            return Outcome(action, Result.GONE, 0, f"ParaSet {action.owner.key} is gone")
        if isinstance(action, CreatePod):
            return await self._attempt(action, self._writer.create(action, paraset))
        return await self._attempt(action, self._writer.resize(action, paraset))

    async def _attempt(self, action: Action | NominatePod, write: Awaitable[bytes]) -> Outcome:
        try:
            answer = await write
        except EXPECTED_ERRORS as error:
            return outcome_of(action, error)
        self._pods.take_answer(answer)
        return outcome_of(action, None)

    async def _conclude(self, outcome: Outcome, expected: Pod) -> None:
        """Tell what came of it, and stop expecting it: at once, or after a pause when it has failed."""
        action = outcome.action
        if outcome.result is Result.GONE and isinstance(action, DeletePod | ResizePod):
            self._pods.gone(action.pod)
        if outcome.result is Result.REFUSED and isinstance(action, ResizePod):
            self._pods.refuse_resizes(action.pod)
        self._on_outcome(outcome)
        if outcome.result in (Result.FAILED, Result.SUPERSEDED):
            await asyncio.sleep(self._pause(expected.key))
        else:
            self._failures.pop(expected.key, None)
        self._pods.settle(expected)

    def _pause(self, key: str) -> float:
        count = self._failures.get(key, 0)
        self._failures[key] = count + 1
        return float(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**count))


def key_of(action: Action) -> str:
    """Return namespace/name of the pod an action is about."""
    return f"{action.owner.namespace}/{action.pod}" if isinstance(action, CreatePod) else action.pod.key


def is_urgent(release: Release) -> bool:
    """Say whether an LS pod waits for a release, or is about to come: not where headroom is made."""
    return not all(action.reason is Reason.HEADROOM for action in release.actions) or release.nomination is not None


def action_waits(action: Action) -> bool:
    """Say whether something has to be gone before the action."""
    return not isinstance(action, DeletePod) and bool(action.after)


def expected_pod(action: Action, seen: Pod | None) -> Pod:
    """Return the pod as it will be once the action is carried out; `seen` is the pod as last seen."""
    if isinstance(action, CreatePod):
        shape = next(each for each in action.owner.shapes if each.name == action.shape)
        return Pod(
            namespace=action.owner.namespace,
            name=action.pod,
            uid="",
            priority=FILLER_PRIORITY,
            target=action.node,
            held=action.requests,
            requests=action.requests,
            owner=action.owner.uid,
            shape=action.shape,
            index=action.index,
            template_hash=shape.template_hash,
            sizes=shape.container_requests(action.sizes),
        )
    pod = seen or action.pod
    if isinstance(action, DeletePod):
        return replace(pod, is_terminating=True)
    sizes = dict(pod.sizes) | dict(action.sizes)
    return replace(pod, sizes=sizes, requests=action.requests, held=largest_of(pod.held, action.requests))


def _rank(release: Release) -> int:
    """Return whose release comes first: headroom after LS pods, unless their priority is not above 0."""
    return release.nomination.pod.priority if release.nomination else 0
