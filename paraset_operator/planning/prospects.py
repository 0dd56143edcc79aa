"""Where LS pods of one kind could go: pods that ask for the same, from the same nodes, are looked at as one. So are the
copies of a headroom shape.

Most nodes stay as they were surveyed while a plan is made: they are put into order once, by bounds found for all of
them in one pass. A node that the plan has touched is looked at anew when its turn comes. What is found is what a search
of all nodes for each pod would find; only the way there is shorter.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from paraset_operator.model.node import Node
from paraset_operator.model.pod import Likeness, Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.quantity import CPU
from paraset_operator.model.resources import Resources, devices_of, fits
from paraset_operator.planning.lost_work import LEAST_TIES, Owners, Ties
from paraset_operator.planning.order import Candidate, Key, Order
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.rooms import Rooms, takes
from paraset_operator.planning.victim_rows import VictimRows
from paraset_operator.planning.victims import Cost, Sacrifice, least_cost, sacrifice_for

Offer: TypeAlias = tuple[Sacrifice, NodeRoom]
# How closely a node has been looked at: there is a bound; it is known.
BOUNDED, FOUND = 1, 2
# Where the key of a node has the number of victims.
_VICTIMS = 3
NO_COST: Cost = (0, 0.0, 0, 0, 0, LEAST_TIES)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is looked for: so much, on nodes that it `may_run_on` (capacity aside) and of which fillers yield to it
    (`is_lent`, told the node and its policy).
    """

    need: Resources
    may_run_on: Callable[[Node], bool]
    is_lent: Callable[[Node, PolicyView | None], bool]


def kind_of(pod: Pod) -> Kind:
    """Return what LS pods like this one look for: a policy has to cover the node and to take them for LS work."""

    def is_lent(node: Node, policy: PolicyView | None) -> bool:
        return policy is not None and pod.priority >= policy.ls_priority and takes(node, pod)

    return Kind(pod.requests, lambda node: takes(node, pod), is_lent)


class Search:
    """The prospects of all kinds of pods, for one plan at one time."""

    def __init__(self, rooms: Rooms, victims: VictimRows, owners: Owners, now: float) -> None:
        self.rooms, self.owners, self.now = rooms, owners, now
        self._victims = victims
        self._kinds: dict[Likeness, Prospects] = {}
        self._has_begun = False

    def of(self, pod: Pod) -> "Prospects":
        """Return the prospects of a pod."""
        if (likeness := pod.likeness) not in self._kinds:
            self._kinds[likeness] = self.of_kind(kind_of(pod))
        return self._kinds[likeness]

    def of_kind(self, kind: Kind) -> "Prospects":
        """Return the prospects of a kind, found anew."""
        if not self._has_begun:
            # Where nobody waits, nothing need be known of those who would have to go.
            self._victims.catch_up(self.owners)
            self._has_begun = True
        return Prospects(kind, self.rooms, self._victims, self.owners, self.now)


class Prospects:
    """The nodes for one kind, in the orders of those who look for one."""

    def __init__(self, kind: Kind, rooms: Rooms, victims: VictimRows, owners: Owners, now: float) -> None:
        self._kind, self._need, self._rooms, self._victims = kind, kind.need, rooms, victims
        self._owners, self._now = owners, now
        self._able = rooms.is_able(self._need)
        self._lent: dict[int, bool] = {}
        self._landing = Order(rooms, self._free(), self._by_cores, self._look_now)
        self._arriving = Order(rooms, self._coming(), _by_queue, self._look_soon)
        self._preempted = Order(rooms, self._made_by_the_scheduler(), _by_queue, self._look_unclaimed)
        self._cheapest = {
            True: Order(rooms, self._bounded(may_evict=True), _at_least, self._look_closer),
            False: Order(rooms, self._bounded(may_evict=False), _at_least, self._look_for_shrinks),
        }

    def landing(self) -> NodeRoom | None:
        """Return where the scheduler can put a pod at once: the node with most cores open, as it prefers; else None."""
        return self._landing.first()

    def arriving(self) -> NodeRoom | None:
        """Return where room is on its way, of those that are lent: where fewest LS pods wait for it; else None."""
        return self._arriving.first()

    def preempted(self) -> NodeRoom | None:
        """Return where the scheduler has made room for such a pod that nobody claims yet; else None."""
        return self._preempted.first()

    def cheapest(self, *, may_evict: bool = True) -> Offer | None:
        """Return what costs least of what nodes that are lent can give for a pod, and the node; else None."""
        return self._cheapest[may_evict].first()

    def ahead(self, pods: int) -> int:
        """Return how many places more are made for so many pods, by the most generous policy of a node that is lent."""
        for policy in sorted(self._rooms.policies, key=lambda each: -each.ahead_percent):
            more = pods * policy.ahead_percent // 100
            if not more or any(self._is_lent(row) for row in self._rooms.covered_by(policy)):
                return more
        return 0

    def _is_lent(self, row: int) -> bool:
        """Say whether fillers yield to it there, and hold enough."""
        if row not in self._lent:
            is_lent = bool(self._able[row]) and self._kind.is_lent(self._rooms.node(row), self._rooms.policy(row))
            self._lent[row] = is_lent
        return self._lent[row]

    def _free(self) -> Iterator[Candidate[NodeRoom]]:
        for row, cores in self._rooms.free(self._need):
            yield Candidate((-cores, row), row)

    def _by_cores(self, room: NodeRoom, row: int) -> Candidate[NodeRoom]:
        return Candidate((-room.open_now.get(CPU, 0), row), row)

    def _look_now(self, room: NodeRoom, seen: Candidate[NodeRoom]) -> Candidate[NodeRoom] | None:
        is_found = room.fits_now(self._need) and self._kind.may_run_on(room.node)
        return replace(seen, stage=FOUND, found=room) if is_found else None

    def _coming(self) -> Iterator[Candidate[NodeRoom]]:
        soon = self._rooms.open_now + self._victims.soon
        coming = self._victims.has_leaving & (soon >= self._rooms.vector(self._need)).all(axis=1)
        for row in np.flatnonzero(coming).tolist():
            yield Candidate((0, row), row)

    def _look_soon(self, room: NodeRoom, seen: Candidate[NodeRoom]) -> Candidate[NodeRoom] | None:
        is_found = room.fits_soon(self._need) and self._is_lent(seen.row)
        return replace(seen, stage=FOUND, found=room) if is_found else None

    def _made_by_the_scheduler(self) -> Iterator[Candidate[NodeRoom]]:
        for row in np.flatnonzero(self._victims.is_preempted).tolist():
            yield Candidate((0, row), row)

    def _look_unclaimed(self, room: NodeRoom, seen: Candidate[NodeRoom]) -> Candidate[NodeRoom] | None:
        """Take it if all devices of the pod are of the scheduler's making, or all cores where it asks for none."""
        made = devices_of(self._need) or {name: amount for name, amount in self._need.items() if name == CPU}
        is_found = self._victims.is_preempted[seen.row] and fits(made, room.unclaimed) and room.fits_soon(self._need)
        return replace(seen, stage=FOUND, found=room) if is_found else None

    def _bounded(self, *, may_evict: bool) -> Iterator[Candidate[Offer]]:
        """Yield nodes by what room costs there at least; where devices are tracked, that is found when it matters."""
        tracked = self._rooms.tracks(self._need)
        yield from (Candidate(_key(NO_COST, row), row) for row in np.flatnonzero(self._able & tracked).tolist())
        missing: Ints = self._rooms.vector(self._need) - self._rooms.open_now - self._victims.soon
        bounds = self._victims.bounds(missing, self._now, self._rooms.standing)
        rows = np.flatnonzero(self._able & ~tracked & bounds.is_enough & (may_evict | (bounds.victims == 0)))
        lost, victims, shrinks = bounds.lost[rows], bounds.victims[rows], bounds.shrinks[rows]
        ties = bounds.ties[rows]
        order = np.lexsort((rows, *ties.T[::-1], shrinks, victims, lost))
        columns = (each[order].tolist() for each in (rows, lost, victims, shrinks, ties))
        for row, work, count, shrunk, tie in zip(*columns, strict=True):
            yield Candidate(_key((0, work, count, 0, shrunk, Ties(*tie)), row), row, BOUNDED)

    def _look_closer(self, room: NodeRoom, seen: Candidate[Offer]) -> Candidate[Offer] | None:
        if not self._is_lent(seen.row):
            return None
        if seen.stage < BOUNDED:
            cost = least_cost(self._need, room, self._owners, self._now)
            return None if cost is None else Candidate(_key(cost, seen.row, room), seen.row, BOUNDED)
        offer = sacrifice_for(self._need, room, self._owners, self._now)
        return None if offer is None else Candidate(_key(offer.cost, seen.row, room), seen.row, FOUND, (offer, room))

    def _look_for_shrinks(self, room: NodeRoom, seen: Candidate[Offer]) -> Candidate[Offer] | None:
        if seen.key[_VICTIMS]:
            return None
        looked = self._look_closer(room, seen)
        return None if looked is not None and looked.found is not None and looked.found[0].victims else looked


def _by_queue(room: NodeRoom, row: int) -> Candidate[NodeRoom]:
    return Candidate((room.queue, row), row)


def _at_least(room: NodeRoom, row: int) -> Candidate[Offer]:
    return Candidate(_key(NO_COST, row, room), row)


def _key(cost: Cost, row: int, room: NodeRoom | None = None) -> Key:
    """Return the order of nodes (lost_work.py says why): of equal ones that with least promised, then by name."""
    surplus, lost, victims, of_memory, shrinks, ties = cost
    queue, promised = (room.queue, room.promised.get(CPU, 0)) if room is not None else (0, 0)
    return (surplus, queue, lost, victims, of_memory, shrinks, *ties, promised, row)
