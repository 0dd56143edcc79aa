"""Fillers that must leave whatever the room: their set, their shape, their node or they themselves are not in order.

Budgets and `behavior.scaleDown` hold up what leaves of the set's own will. In a storm fillers on nodes that are
NotReady stay, and nothing is replaced.
"""

from collections.abc import Collection, Container
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from paraset_operator.model.plan import DeletePod, Notice, Reason
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import devices_of, shortage, total_of
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.behavior import VOLUNTARY, ceiling_to_keep, removals_allowed
from paraset_operator.planning.feasibility import may_fill
from paraset_operator.planning.lost_work import Owners
from paraset_operator.planning.notices import Wanted, announced
from paraset_operator.planning.pacing import Pacing
from paraset_operator.planning.room import NodeRoom, smallest_of
from paraset_operator.planning.storms import NOT_READY
from paraset_operator.planning.victims import victim_order
from paraset_operator.planning.yielding import eviction

# What a disruption budget calls each reason; all others are never limited by one.
_BUDGETED = {Reason.NODE: "Drain", Reason.OUTDATED: "Rebalance", Reason.FAIR_SHARE: "Rebalance"}


class Departures(NamedTuple):
    """Fillers that leave now, notices of moves that can wait for them, and when the first of these comes due."""

    leaving: list[DeletePod]
    notices: list[Notice]
    next_check: float | None = None


def departures(
    rooms: Collection[NodeRoom],
    snapshot: Snapshot,
    owners: Owners,
    pacing: Pacing,
    moment: Moment,
    stormy: Container[str] = frozenset(),
) -> Departures:
    """Return the fillers that leave, and count them as leaving; `rooms` are all nodes where one might have to.

    `stormy` are the names of policies whose nodes are in a storm.
    """
    leaving = [*_without_node(snapshot, owners), *_finished(rooms, owners)]
    wanted: list[Wanted] = []
    for room in rooms:
        for pod in room.fillers:
            verdict = must_leave(pod, room, owners[pod.owner], pacing, moment.monotonic)
            if verdict is not None and not _may_wait(pod, room, verdict[0], moment.wall, stormy):
                wanted.append((room, pod, *verdict))
    counts = _Counts(rooms, snapshot)
    allowed = _within_budgets(wanted, counts, owners, moment.wall)
    # Who stays because of a budget counts against the ceiling, which no budget limits.
    allowed += _above_ceiling(rooms, {pod.uid for _, pod, _, _ in allowed}, owners, pacing, moment)
    allowed = _within_behavior(allowed, counts, owners, pacing, moment.monotonic)
    due, notices, next_check = announced(allowed, rooms, owners, moment)
    for room, pod, reason, detail in due:
        leaving.append(replace(eviction(pod, room, owners, moment.wall, reason), detail=detail))
        room.release(pod)
    return Departures(leaving, notices, next_check)


def must_leave(  # noqa: PLR0911 - one rule a line, the gravest first
    pod: Pod, room: NodeRoom, owner: ParaSetView, pacing: Pacing, now: float
) -> tuple[Reason, str] | None:
    """Return why a filler can't stay, the gravest reason first, or None."""
    shape = owner.shape(pod.shape)
    if pod.trouble:
        return Reason.FAILING, pod.trouble
    if owner.is_suspended:
        return Reason.SUSPENDED, "spec.suspend is true"
    if owner.is_unreadable:
        return None
    if shape is None:
        return Reason.SHAPE_GONE, f"spec.shapes has no {pod.shape!r} any more"
    if devices_of(shape.smallest) != devices_of(pod.requests):
        return Reason.SHAPE_GONE, f"shape {pod.shape!r} asks for other devices now"
    if not may_fill(owner.constraints, room.node, room.policy):
        return Reason.NODE, room.node.trouble or "the node's labels, taints or policy do not admit the set"
    if not pod.node and _waited(pod, pacing, now) > (room.policy.pacing.pending_timeout if room.policy else 0):
        return Reason.STAYS_PENDING, "kube-scheduler did not bind it in time"
    if shape.template_hash != pod.template_hash:
        return Reason.OUTDATED, "spec.template has changed"
    return None


def _may_wait(pod: Pod, room: NodeRoom, reason: Reason, wall: float, stormy: Container[str]) -> bool:
    """Say whether a filler that can't stay for ever may do so for now."""
    if room.policy is not None and room.policy.name in stormy:
        return reason is Reason.OUTDATED or (reason is Reason.NODE and room.node.trouble == NOT_READY)
    return _is_too_young(pod, room, reason, wall)


def _is_too_young(pod: Pod, room: NodeRoom, reason: Reason, wall: float) -> bool:
    """Say whether a filler that is replaced for a better one has not run for long enough to be worth its start."""
    if reason is not Reason.OUTDATED or not pod.started or room.policy is None:
        return False
    return wall - pod.started < room.policy.pacing.min_run


def _waited(pod: Pod, pacing: Pacing, now: float) -> float:
    return now - pacing.unbound_since.get(pod.uid, now)


def _without_node(snapshot: Snapshot, owners: Owners) -> list[DeletePod]:
    """Return the fillers whose node is not there any more; nothing can give them a grace."""
    return [
        DeletePod(pod, owners[pod.owner], Reason.NODE, f"node {pod.place} is gone", grace_seconds=0)
        for pod in snapshot.waiting
        if pod.owner in owners and not pod.is_terminating
    ]


def _finished(rooms: Collection[NodeRoom], owners: Owners) -> list[DeletePod]:
    return [
        DeletePod(pod, owners[pod.owner], Reason.FINISHED if not pod.trouble else Reason.FAILING, pod.trouble)
        for room in rooms
        for pod in room.finished
    ]


def _above_ceiling(
    rooms: Collection[NodeRoom], gone: set[str], owners: Owners, pacing: Pacing, moment: Moment
) -> list[Wanted]:
    surplus: list[Wanted] = []
    for owner in owners.values():
        stay = [(room, pod) for room in rooms for pod in room.fillers if pod.owner == owner.uid and pod.uid not in gone]
        more = len(stay) - ceiling_to_keep(pacing, owner, moment.monotonic)
        if more > 0:
            stay.sort(key=lambda each: victim_order(each[1], each[0], owners, moment.wall))
            detail = f"spec.replicas is {owner.ceiling}"
            surplus += [(room, pod, Reason.ABOVE_CEILING, detail) for room, pod in stay[:more]]
    return surplus


def _within_behavior(
    wanted: list[Wanted], counts: "_Counts", owners: Owners, pacing: Pacing, now: float
) -> list[Wanted]:
    """Drop what `behavior.scaleDown` does not allow now; replacements come before surplus, as `wanted` has them."""
    left: dict[str, int] = {}
    allowed = []
    for each in wanted:
        owner = owners[each[1].owner]
        if each[2] in VOLUNTARY and owner.scale_down.limits_changes:
            if owner.uid not in left:
                there, leaving = counts.by_owner[owner.uid]
                left[owner.uid] = removals_allowed(pacing, owner, there - leaving, now)
            left[owner.uid] -= 1
            if left[owner.uid] < 0:
                continue
        allowed.append(each)
    return allowed


class _Counts:
    """By set: how many fillers there are, and how many of these are on their way out already; asked for, counted."""

    def __init__(self, rooms: Collection[NodeRoom], snapshot: Snapshot) -> None:
        self._rooms, self._snapshot = rooms, snapshot

    @cached_property
    def by_owner(self) -> dict[str, tuple[int, int]]:
        released = {pod.uid for room in self._rooms for pod in room.released}
        counts: dict[str, tuple[int, int]] = {}
        for state in self._snapshot.nodes:
            for pod in state.pods:
                if pod.is_filler and not pod.is_finished:
                    there, leaving = counts.get(pod.owner, (0, 0))
                    counts[pod.owner] = there + 1, leaving + (pod.is_terminating or pod.uid in released)
        return counts


def _within_budgets(
    wanted: list[Wanted],
    counts: _Counts,
    owners: Owners,
    now: float,
) -> list[Wanted]:
    """Drop what the budgets of the sets do not allow now; who was told goes first, then the least loss."""
    used: dict[tuple[str, str], int] = {}
    allowed = []
    for each in sorted(wanted, key=lambda each: _turn(each, owners, now)):
        owner, budgeted = each[1].owner, _BUDGETED.get(each[2])
        if budgeted is not None:
            there, leaving = counts.by_owner[owner]
            used[owner, budgeted] = used.get((owner, budgeted), leaving) + 1
            if used[owner, budgeted] > disruptions_allowed(owners[owner], budgeted, there):
                continue
        allowed.append(each)
    return allowed


def _turn(wanted: Wanted, owners: Owners, now: float) -> tuple[object, ...]:
    room, pod, reason, _ = wanted
    return reason, not pod.leaving_at, victim_order(pod, room, owners, now)


def disruptions_allowed(owner: ParaSetView, reason: str, current: int) -> int:
    """Return how many fillers may be on their way out at once: what the strictest budget in force allows."""
    return min((each.allows(current) for each in owner.budgets if reason in each.reasons), default=current)


def without_room(rooms: Collection[NodeRoom], owners: Owners, now: float) -> list[DeletePod]:
    """Return the fillers that no longer fit at their smallest beside what others hold, least loss first."""
    leaving = []
    for room in rooms:
        while missing := _overflow(room, owners):
            helpful = [pod for pod in room.fillers if any(pod.requests.get(name, 0) > 0 for name in missing)]
            if not helpful:
                break
            victim = min(helpful, key=lambda pod: victim_order(pod, room, owners, now))
            detail = f"other pods or the reserve hold the node's {', '.join(sorted(missing))}"
            leaving.append(replace(eviction(victim, room, owners, now, Reason.NO_ROOM), detail=detail))
            room.release(victim)
    return leaving


def _overflow(room: NodeRoom, owners: Owners) -> dict[str, int]:
    smallest = []
    for pod in room.fillers:
        shape = owners[pod.owner].shape(pod.shape)
        smallest.append(smallest_of(pod, shape) if shape else pod.requests)
    return shortage(total_of(smallest), room.keep_room())
