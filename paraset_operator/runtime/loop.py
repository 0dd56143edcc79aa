"""The loop: what happened -> a frozen picture -> a plan -> actions -> a report.

- Urgent: when an LS pod is seen to wait, or is announced, step 1 of the plan is made and carried out by itself, after
  the head start that kube-scheduler has (demands.py). Of a burst the first releases are sent while the last are still
  looked for. Room that LS pods have taken from headroom is made again in their pauses (taken_headroom.py).
- Whatever is not urgent, and room for headroom, waits for a lull: no LS pod is at its first scheduling attempt then.
- Full: everything else waits a moment for more of its kind, and until it is calm: no LS pod has come for half a second,
  no burst waits for its rooms. The plan is made in a thread, so that the urgent path is never behind it; if LS work
  showed up meanwhile, what would take room is dropped and planned anew.
- Nothing is done before the picture is complete, or without the Lease. A turn comes at least every few seconds, so
  that what depends on time alone comes about, and so that the probes can tell a loop that is stuck.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

import structlog

from paraset_operator.acting.actuator import Actuator
from paraset_operator.model.plan import Action, CreatePod, Plan, Reason, Release, ResizePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY, Mode, PolicyView
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.feasibility import policy_of
from paraset_operator.planning.pacing import Pacing
from paraset_operator.planning.planner import Planner
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.reporting.observed import Observed, observed_by_owner
from paraset_operator.runtime.demands import Demands
from paraset_operator.runtime.memory import Memory
from paraset_operator.runtime.picture import Picture
from paraset_operator.runtime.standing_needs import StandingNeeds
from paraset_operator.runtime.taken_headroom import TakenHeadroom

_log = structlog.get_logger(__name__)

LONGEST_PAUSE = 10.0
_GATHER = 0.05
# The same where the scheduler was first, and a release was given up: of a burst there are many such.
_GATHER_GIVEN_UP = 0.2
# From one look to the next whether headroom that was taken is to be made again.
_LOOK_AT_TAKEN = 0.02
# From one urgent plan to the next: of a burst, those that came meanwhile are answered together.
_URGENT_SPACING = 0.02
# Releases that are decided before what they send gets its turn, after the first one, which is sent by itself.
_AT_ONCE = 8
# Changed nodes that the urgent path's planner looks at in one go: some milliseconds.
_AT_A_LOOK = 32
# Full plans take at most this part of the time.
_PLANNING_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Turn:
    """A plan with the picture it was made from, and what is seen there of each set, by uid; `observed` are the nodes
    where it is only published.
    """

    snapshot: Snapshot
    plan: Plan
    seen: Mapping[str, Observed]
    observed: frozenset[str]


class Loop:
    """One loop over all sets: they compete for the same room."""

    def __init__(
        self,
        picture: Picture,
        actuator: Actuator,
        memory: Memory,
        metrics: Metrics,
        demands: Demands,
        may_act: Callable[[], bool],
        on_turn: Callable[[Turn], None],
    ) -> None:
        self._picture, self._actuator, self._memory, self._metrics = picture, actuator, memory, metrics
        self._waiting, self._may_act, self._on_turn = demands, may_act, on_turn
        # One for each path, because the full plan is made in a thread of its own.
        self._planner, self._urgent_planner = Planner(), Planner()
        # Held while the urgent path's planner looks at a picture: another one must not come in between.
        self._urgent_turn = asyncio.Lock()
        self._changed, self._urgent = asyncio.Event(), asyncio.Event()
        self._demands = 0
        self._is_announced = False
        self._look_again: asyncio.TimerHandle | None = None
        self._taken = TakenHeadroom(demands)
        self._look_at_taken: asyncio.TimerHandle | None = None
        self._needs = StandingNeeds()
        self._last_seconds = 0.0
        self.last_turn: float | None = None
        self.last_plan: float | None = None

    def trigger(self) -> None:
        """Plan anew soon."""
        self._changed.set()

    def saw_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Decide how urgent a change of a pod is."""
        delay = self._waiting.saw_pod(before, after)
        if delay is not None:
            self._demands += 1
            if delay:
                asyncio.get_running_loop().call_later(delay + 0.001, self._urgent.set)
            else:
                self._urgent.set()
        self._taken.saw_pod(before, after)
        if self._taken.is_any and self._look_at_taken is None:
            self._look_at_taken_soon()
        if not _is_same(before, after):
            self._changed.set()

    def _look_at_taken_soon(self) -> None:
        if self._look_at_taken is not None:
            self._look_at_taken.cancel()
        call_later = asyncio.get_running_loop().call_later
        self._look_at_taken = call_later(_LOOK_AT_TAKEN, self._urgent.set) if self._taken.is_any else None

    def saw_demand(self) -> None:
        """Make room at once: for LS pods that are announced, or in place of room that was given up."""
        self._demands += 1
        self._is_announced = True
        self._urgent.set()
        self._changed.set()

    def gave_up_room(self) -> None:
        """Look again, once it is quiet, at what counts on room that is not made after all: places ahead of a burst."""
        if self._look_again is not None:
            self._look_again.cancel()
        self._look_again = asyncio.get_running_loop().call_later(_GATHER_GIVEN_UP, self.saw_demand)

    async def run_urgent(self) -> None:
        """Make room for LS pods as they are seen, until cancelled."""
        began = 0.0
        while True:
            await self._urgent.wait()
            await asyncio.sleep(max(0.0, began + _URGENT_SPACING - time.monotonic()))
            self._urgent.clear()
            is_due = self._is_headroom_due()
            if self._may_act() and (is_due or self._is_announced or self._waiting.is_any_due):
                began = time.monotonic()
                self._is_announced = False
                with _surviving("urgent", self._metrics):
                    async with self._urgent_turn:
                        await self._yield(keeps_headroom=is_due)
            self._look_at_taken_soon()

    def _is_headroom_due(self) -> bool:
        is_hurried = self._is_announced or self._waiting.is_any_new_due
        return self._taken.is_due(is_hurried=is_hurried) and any(map(keeps_headroom, self._picture.policies()))

    async def run(self, prepare: Callable[[], Awaitable[None]]) -> None:
        """Plan and act until cancelled; `prepare` is awaited before every plan."""
        pause: float = 0.0
        while True:
            await self._pause(pause)
            await self._waiting.calm()
            self.last_turn = time.monotonic()
            if not self._may_act():
                pause = 1.0
                continue
            pause = LONGEST_PAUSE
            with _surviving("full", self._metrics):
                await prepare()
                pause = await self._turn()

    async def _pause(self, longest: float) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), longest or 0.01)
        except TimeoutError:
            return
        await asyncio.sleep(max(_GATHER, self._last_seconds * (1 / _PLANNING_SHARE - 1)))

    async def _yield(self, *, keeps_headroom: bool) -> None:
        began, paused = time.perf_counter(), 0.0
        snapshot = self._look_anew()
        observed = _observed_nodes(snapshot)
        releases = self._urgent_planner.releases(snapshot, _now(), keeps_headroom=keeps_headroom)
        for count, release in enumerate(releases, start=1):
            if release.node not in observed:
                self._release(release)
            if count % _AT_ONCE == 1:
                pause = time.perf_counter()
                await asyncio.sleep(0)
                paused += time.perf_counter() - pause
        self._waiting.looked_at(snapshot)
        self._metrics.planned("urgent", time.perf_counter() - began - paused)

    async def _prepare_urgent(self, snapshot: Snapshot) -> None:
        """Let the urgent path see what has changed, a little at a time, so that no LS pod has to wait for that."""
        for _ in range(1 + len(snapshot.nodes) // _AT_A_LOOK):
            async with self._urgent_turn:
                if self._urgent_planner.prepare(self._freeze(), _AT_A_LOOK):
                    return
            await asyncio.sleep(0)

    def _look_anew(self) -> Snapshot:
        """Return the picture to plan from; room that is not made yet is given up where less is needed than before."""
        snapshot = self._freeze()
        shrunk = self._needs.shrunk(snapshot)
        return self._freeze() if shrunk and self._actuator.recall(shrunk) else snapshot

    def _freeze(self) -> Snapshot:
        return self._picture.freeze(self._waiting.fresh, self._waiting.answered)

    async def _turn(self) -> float:
        """Make one plan and carry it out; return how long to wait for a change before the next."""
        self._changed.clear()
        began, demands = time.perf_counter(), self._demands
        self._memory.waits(self._picture.unbound_fillers())
        snapshot = self._look_anew()
        self._memory.looked(snapshot)
        pacing, moment = self._memory.pacing, _now()
        made, seen = await asyncio.to_thread(self._look, snapshot, pacing, moment)
        self._last_seconds = time.perf_counter() - began
        self._metrics.planned("full", self._last_seconds)
        turn = Turn(snapshot, made, seen, _observed_nodes(snapshot))
        if self._may_act():
            self._act(turn, is_late=self._demands != demands)
        self.last_plan = time.monotonic()
        self._on_turn(turn)
        await self._prepare_urgent(snapshot)
        if made.next_check is None:
            return LONGEST_PAUSE
        return min(LONGEST_PAUSE, max(0.05, made.next_check - time.monotonic()))

    def _look(self, snapshot: Snapshot, pacing: Pacing, moment: Moment) -> tuple[Plan, dict[str, Observed]]:
        """Do in a thread what takes long."""
        return self._planner.plan(snapshot, pacing, moment), observed_by_owner(snapshot)

    def _act(self, turn: Turn, *, is_late: bool) -> None:
        for release in turn.plan.releases:
            if release.node not in turn.observed and not is_late:
                self._release(release)
        actions = [each for each in turn.plan.actions if node_of(each) not in turn.observed]
        if is_late:
            actions = [each for each in actions if not takes_room(each)]
            self._changed.set()
        self._actuator.carry_out(actions)
        self._actuator.notify(each for each in turn.plan.notices if each.pod.place not in turn.observed)

    def _release(self, release: Release) -> None:
        self._demands += 1
        if release.actions:
            self._waiting.decided(release.beneficiary.uid)
        self._actuator.release(release)


@contextlib.contextmanager
def _surviving(path: str, metrics: Metrics) -> Iterator[None]:
    """Log a mistake of ours and go on: the next turn may fare better, and the probes tell the age of the last plan."""
    try:
        yield
    except Exception:  # noqa: BLE001 - nothing a user writes may end the process
        metrics.failures.labels(path).inc()
        _log.exception("a turn has failed", path=path)


def _now() -> Moment:
    return Moment(time.monotonic(), time.time())


def _is_same(before: Pod | None, after: Pod | None) -> bool:
    """Say whether nothing that a plan or a status depends on has changed."""
    if before is None or after is None:
        return before is after
    return _essence(before) == _essence(after)


def _essence(pod: Pod) -> tuple[object, ...]:
    return tuple(getattr(pod, name) for name in _ESSENTIAL)


# What a worker says of itself decides only about victims, and is read when there have to be some; our mark decides
# nothing.
_IN_PASSING = frozenset({"revision", "checkpointed", "progress", "misread", "is_marked"})
_ESSENTIAL = tuple(name for name in Pod.__slots__ if name not in _IN_PASSING)


def _observed_nodes(snapshot: Snapshot) -> frozenset[str]:
    policies = snapshot.policies or (DEFAULT_POLICY,)
    if all(policy.mode is Mode.AUTO for policy in policies):
        return frozenset()
    covering = ((state.node.name, policy_of(state.node, policies)) for state in snapshot.nodes)
    return frozenset(name for name, policy in covering if policy and policy.mode is Mode.OBSERVE)


def node_of(action: Action) -> str:
    """Return the node an action concerns."""
    return action.node if isinstance(action, CreatePod) else action.pod.place


def keeps_headroom(policy: PolicyView) -> bool:
    """Say whether a policy keeps any room for LS work that has not come."""
    return policy.cpu_headroom_percent > 0 or any(shape.copies for shape in policy.headroom)


def takes_room(action: Action) -> bool:
    """Say whether an action needs room, rather than giving some back."""
    return isinstance(action, CreatePod) or (isinstance(action, ResizePod) and action.reason is Reason.GROWS)
