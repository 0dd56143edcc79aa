"""Sends single writes of one leader, and counts them as done until they are answered.

- No second decision about a pod while a create of it is on its way.
- Writes about one pod are sent one after the other, so that the last decision holds.
- What fails is counted as done for a growing pause, so that a broken object costs one request now and then.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

import structlog

from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.acting.writes import PodWriter, outcome_of
from paraset_operator.api.names import FILLER_PRIORITY
from paraset_operator.api.v1alpha1 import ParaSet
from paraset_operator.cluster.cache import PodStore
from paraset_operator.cluster.client import EXPECTED_ERRORS
from paraset_operator.model.plan import Action, Beneficiary, CreatePod, DeletePod, NominatePod, ResizePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import largest_of

_log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 60.0
# So many seconds nobody is nominated after the API server has refused it.
_NOT_NOMINATED_FOR = 60.0
_NOT_NOMINATED = "nominates nobody for a while: grant patch of pods/status, or set nomination: false in the FillPolicy"


class Sender:
    """`find` returns the ParaSet of a uid; what begins, what is sent, and what comes of it is told."""

    def __init__(
        self,
        writer: PodWriter,
        pods: PodStore,
        find: Callable[[str], ParaSet | None],
        on_begin: Callable[[Action], None],
        on_outcome: Callable[[Outcome], None],
        on_send: Callable[[Action], None],
    ) -> None:
        self._writer, self._pods, self._find = writer, pods, find
        self._on_begin, self._on_outcome, self._on_send = on_begin, on_outcome, on_send
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: dict[str, int] = {}
        self._last_write: dict[str, asyncio.Future[None]] = {}
        self._marking: set[str] = set()
        self._nominates_from = 0.0

    @property
    def may_nominate(self) -> bool:
        """Whether no nomination was refused lately: as a rule the role for it is missing, and that can be mended."""
        return time.monotonic() >= self._nominates_from

    async def close(self) -> None:
        """Wait for what is under way, not long."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)

    def spawn(self, work: Awaitable[None]) -> None:
        """Let something happen beside what happens now."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def lull(self) -> None:
        """Step aside for LS pods at their first attempt."""
        await self._writer.lull()

    def is_current(self, action: Action) -> bool:
        """Say whether the pod is still as it was when the decision was made, and no create of it is under way."""
        key = key_of(action)
        seen = self._pods.get(key)
        if isinstance(action, CreatePod):
            return seen is None and self._find(action.owner.uid) is not None
        return seen is not None and bool(seen.uid) and seen.uid == action.pod.uid and not seen.is_terminating

    def stands(self, action: DeletePod | ResizePod) -> bool:
        """Say whether nothing was decided about the pod since."""
        seen = self._pods.get(action.pod.key)
        if seen is None or seen.uid != action.pod.uid:
            return False
        return isinstance(action, DeletePod) or all(seen.sizes.get(name) == size for name, size in action.sizes.items())

    def expect(self, action: Action) -> Pod:
        """Count an action as done; returns what the pod is seen as from here on."""
        pod = expected_pod(action, self._pods.get(key_of(action)))
        self._on_begin(action)
        self._pods.expect(pod)
        return pod

    def expect_nomination(self, nomination: NominatePod) -> Pod:
        """Count a nomination as done; returns what the pod is seen as from here on."""
        pod = replace(self._pods.get(nomination.pod.key) or nomination.pod, nominated=nomination.node)
        self._pods.expect(pod)
        return pod

    def cancel(self, expected: Iterable[tuple[Action, Pod]], why: str, result: Result = Result.SUPERSEDED) -> None:
        """Give up what was counted as done and not sent."""
        for action, pod in expected:
            self._pods.settle(pod)
            self._on_outcome(Outcome(action, result, 0, why))

    async def nominate(self, nomination: NominatePod, expected: Pod) -> Outcome:
        """Nominate an LS pod; one whose state has changed since is left as it is."""
        outcome = await self._attempt(nomination, self._writer.nominate(nomination))
        if outcome.result is Result.REFUSED:
            self._nominates_from = time.monotonic() + _NOT_NOMINATED_FOR
            _log.warning(_NOT_NOMINATED, pod=nomination.pod.key, refused=outcome.message, seconds=_NOT_NOMINATED_FOR)
        self._pods.settle(expected)
        self._on_outcome(outcome)
        return outcome

    async def mark(self, pod: Pod, beneficiary: Beneficiary) -> None:
        """Mark a victim; one that can't be marked leaves all the same, and may cost a second one its place."""
        if pod.uid in self._marking:
            return
        self._marking.add(pod.uid)
        try:
            with contextlib.suppress(*EXPECTED_ERRORS):
                await self._writer.mark(pod, beneficiary)
        finally:
            self._marking.discard(pod.uid)

    async def send(self, action: Action) -> Outcome:
        """Send a write once all earlier ones about the same pod are answered."""
        key, mine = key_of(action), asyncio.get_running_loop().create_future()
        earlier, self._last_write[key] = self._last_write.get(key), mine
        try:
            if earlier is not None:
                await earlier
            self._on_send(action)
            return await self._send_now(action)
        finally:
            mine.set_result(None)
            if self._last_write.get(key) is mine:
                del self._last_write[key]

    async def conclude(self, outcome: Outcome, expected: Pod) -> None:
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

    def _pause(self, key: str) -> float:
        count = self._failures.get(key, 0)
        self._failures[key] = count + 1
        return float(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**count))


def key_of(action: Action) -> str:
    """Return namespace/name of the pod an action is about."""
    return f"{action.owner.namespace}/{action.pod}" if isinstance(action, CreatePod) else action.pod.key


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
        return replace(pod, is_terminating=True, grace_seconds=action.grace_seconds)
    sizes = dict(pod.sizes) | dict(action.sizes)
    return replace(pod, sizes=sizes, requests=action.requests, held=largest_of(pod.held, action.requests))
