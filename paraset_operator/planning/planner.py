"""The plan, as a numbered algorithm. What it knows comes in as arguments; the same picture gives the same plan.

A `Planner` remembers only what the last picture looked like, so that the next plan costs what has changed; `plan` is
the same without a memory.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.plan import DeletePod, Plan, Release
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY, Tenant
from paraset_operator.model.quantity import CPU
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.ahead import make_ahead
from paraset_operator.planning.contenders import Contender, admit, contender_of
from paraset_operator.planning.departures import departures, without_room
from paraset_operator.planning.differences import actions_for
from paraset_operator.planning.fairness import Shares
from paraset_operator.planning.filling import fill
from paraset_operator.planning.fragmentation import DeviceTable, observed_workload, rates
from paraset_operator.planning.fragmentation import Rooms as FragmentRooms
from paraset_operator.planning.headroom import keep_headroom
from paraset_operator.planning.openings import Openings
from paraset_operator.planning.pacing import Pacing
from paraset_operator.planning.problem import Floats, Ints
from paraset_operator.planning.quiet_nodes import grow, quiet_rows
from paraset_operator.planning.reports import NodeReports, bounds, set_reports
from paraset_operator.planning.room import Instance, NodeRoom
from paraset_operator.planning.rooms import Rooms
from paraset_operator.planning.sizing import kept_sizes, size_instances
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Rows
from paraset_operator.planning.victims import Owners
from paraset_operator.planning.worth import scales_of
from paraset_operator.planning.yielding import make_room

_START = Moment()


def plan(snapshot: Snapshot, pacing: Pacing | None = None, moment: Moment = _START) -> Plan:
    """Return what to do now, in order, and what that leaves free and why."""
    return Planner().plan(snapshot, pacing, moment)


def plan_yield(snapshot: Snapshot, moment: Moment = _START) -> tuple[Release, ...]:
    """Return only step 1 of the plan: the urgent path when LS work shows up."""
    return Planner().plan_yield(snapshot, moment)


class Planner:
    """Makes one plan after the other. Not to be shared by threads."""

    def __init__(self) -> None:
        self._survey = Survey()
        self._reports = NodeReports()
        self._openings = Openings()

    def plan_yield(self, snapshot: Snapshot, moment: Moment = _START) -> tuple[Release, ...]:
        """Return step 1 of the plan alone."""
        return self._draft(snapshot).make_way(moment)

    def plan(self, snapshot: Snapshot, pacing: Pacing | None = None, moment: Moment = _START) -> Plan:
        """Return what to do now, in order, and what that leaves free and why."""
        pacing, draft = pacing or Pacing(), self._draft(snapshot)
        # 1. Yield: room for LS pods that fit nowhere, then for headroom.
        releases = draft.make_way(moment)
        draft.cool(releases, pacing, moment)
        # 2. Leave: fillers that can't stay, whatever the room.
        leaving = draft.let_leave(pacing, moment)
        # 3. Keep what runs, fill the holes that are left.
        shares = draft.keep()
        shares.paused = pacing.paused_growth(moment.monotonic) | frozenset(
            uid for uid in draft.owners if pacing.back_off_of(uid, moment.monotonic)
        )
        contenders = draft.contenders(pacing, moment)
        scales = scales_of(snapshot.sets, shares.fillable)
        is_open = draft.touched() | self._openings.of(draft.ground, scales, self._survey.rows, self._survey.changed)
        new = fill(draft.ground, draft.rows, contenders, shares, scales, is_open, draft.rank)
        # 4. Size: shrink for what came, grow into what is left.
        alone = draft.alone(new, shares)
        draft.put(np.setdiff1d(np.flatnonzero(new.any(axis=1)), alone), new, shares)
        quiet = grow(draft.ground, draft.rows, alone, new, scales, shares)
        draft.size(scales, shares)
        # 5. What differs from what runs becomes actions, room given before room taken.
        actions = actions_for(draft.active, leaving, contenders, quiet, self._survey, draft.rows)
        words = bounds(self._survey, draft.rows, draft.cooling, contenders)
        return Plan(
            releases=releases,
            actions=actions,
            nodes=self._reports.of(self._survey, draft.rows, words),
            sets=set_reports(draft.ground, draft.rows, contenders),
            usable=shares.fillable,
            next_check=pacing.next_expiry(moment.monotonic),
        )

    def _draft(self, snapshot: Snapshot) -> "_Draft":
        self._survey.look(snapshot.nodes, snapshot.sets, snapshot.policies or (DEFAULT_POLICY,))
        return _Draft(self._survey, snapshot)


class _Draft:
    """The working state of one plan call: rows of all nodes, rooms of those with something to do."""

    def __init__(self, survey: Survey, snapshot: Snapshot) -> None:
        self._survey, self._snapshot = survey, snapshot
        self.ground = survey.ground
        self.owners: Owners = {owner.uid: owner for owner in snapshot.sets}
        self.rooms = Rooms(survey, self.owners)
        self.rows: Rows = survey.rows.copy()
        self.cooling: NDArray[np.bool_] = np.zeros(len(survey.states), dtype=bool)
        self._kept: set[str] = set()
        self._active: set[str] = set()

    def make_way(self, moment: Moment) -> tuple[Release, ...]:
        """Return what makes room for LS pods that wait, for those to come, and for headroom."""
        waiting, rooms = self._snapshot.waiting, self.rooms
        releases, served = make_room(waiting, self._snapshot.fresh, rooms, self.owners, moment.wall)
        releases += make_ahead(waiting, served, rooms, self.owners, moment.wall)
        return releases + keep_headroom(self.ground.policies, rooms, self.owners, moment.wall)

    def cool(self, releases: Iterable[Release], pacing: Pacing, moment: Moment) -> None:
        """Mark the nodes that LS work has reclaimed just now or a short while ago."""
        hot = {name for name in pacing.cool_downs if pacing.is_cooling(name, moment.monotonic)}
        names = frozenset(hot | {release.node for release in releases})
        self.rooms.cool(names)
        self.cooling[[self._survey.row_of[name] for name in names if name in self._survey.row_of]] = True

    def let_leave(self, pacing: Pacing, moment: Moment) -> list[DeletePod]:
        """Return the fillers that can't stay."""
        crowded = ((self.rows.held > self.rows.room) & (self.rows.held > 0)).any(axis=1)
        self._active |= {room.name for room in self.rooms.at(np.flatnonzero(crowded).tolist())}
        self.rooms.at(np.flatnonzero(self.rows.unusual).tolist())
        for row, owner in enumerate(self._snapshot.sets):
            if self._survey.names[row].count > owner.ceiling:
                mine = self.rows.counts[:, self.ground.owners == row]
                self.rooms.at(np.flatnonzero(mine.any(axis=1)).tolist())
        made = self.rooms.made
        leaving = departures(made, self._snapshot, self.owners, pacing, moment)
        return leaving + without_room(made, self.owners, moment.wall)

    def keep(self) -> Shares:
        """Take over running fillers as instances, and count what each set holds of what is fillable."""
        self._keep_in(self.rooms.made)
        fillable = self.rows.room[self.rows.admits.any(axis=1)].sum(axis=0).clip(min=0)
        shares = Shares(fillable=self._named(fillable), tenants=self._tenants())
        for owner, held in zip(self._snapshot.sets, self.rows.own.sum(axis=0), strict=True):
            shares.add(owner, self._named(held))
        return shares

    def _named(self, amounts: Ints) -> dict[str, int]:
        return {name: int(amount) for name, amount in zip(self.ground.columns, amounts, strict=True) if amount}

    def _keep_in(self, rooms: Iterable[NodeRoom]) -> None:
        """Make instances of the fillers of nodes, and write the rows of those that differ from the survey."""
        for room in rooms:
            if room.name in self._kept:
                continue
            self._kept.add(room.name)
            for pod in room.fillers:
                owner = self.owners[pod.owner]
                shape = owner.shape(pod.shape)
                if shape is not None:
                    room.instances.append(Instance(owner, shape, kept_sizes(pod, shape), pod, pod.index))
            if room.is_touched or self.rows.unusual[self.rooms.row_of(room)]:
                self._active.add(room.name)
                self._survey.write(self.rows, room)

    def _tenants(self) -> Mapping[str, Tenant]:
        merged: dict[str, Tenant] = {}
        for policy in reversed(self.ground.policies):
            merged |= policy.tenants
        return MappingProxyType(merged)

    def contenders(self, pacing: Pacing, moment: Moment) -> list[Contender]:
        """Return the sets with what each may still take and where."""
        gone, made, numbers = self._gone(), [], self.ground.number(self.rows.counts)
        for row, owner in enumerate(self._snapshot.sets):
            count = int(numbers[row])
            refusing = self._refusing(pacing, owner.uid, moment)
            usable = self.rows.admits[:, row]
            contender = contender_of(owner, count, usable, self.cooling, refusing, pacing, moment.monotonic)
            names = self._survey.names_with(row, self._snapshot.waiting)
            admit(contender, names, gone.get(owner.uid, ()), pacing, moment.monotonic)
            made.append(contender)
        return made

    def _refusing(self, pacing: Pacing, uid: str, moment: Moment) -> NDArray[np.bool_]:
        refusing = np.zeros(len(self.cooling), dtype=bool)
        for key in pacing.back_offs:
            of, _, name = key.partition("/")
            if of == uid and name in self._survey.row_of and pacing.back_off_of(uid, moment.monotonic, name):
                refusing[self._survey.row_of[name]] = True
        return refusing

    def _gone(self) -> dict[str, list[Pod]]:
        """Return the fillers, by set, that are not kept: they leave, for LS work or for reasons of their own."""
        gone: dict[str, list[Pod]] = {}
        for room in self.rooms.made:
            kept = {instance.pod.uid for instance in room.instances if instance.pod}
            for pod in self._survey.states[self.rooms.row_of(room)].pods:
                if pod.is_filler and pod.uid not in kept:
                    gone.setdefault(pod.owner, []).append(pod)
        for pod in self._snapshot.waiting:
            if pod.is_filler:
                gone.setdefault(pod.owner, []).append(pod)
        return gone

    def rank(self) -> Floats:
        """Return the order of holes: those first whose idle devices serve LS work least, then the fullest."""
        free = self.rows.room - self.rows.held
        devices = {
            name: DeviceTable(self.rows.devices[:, kind].clip(min=0), self.rows.unit[:, kind].clip(min=1))
            for kind, name in enumerate(self.ground.tracked)
        }
        lost = rates(FragmentRooms(self.ground.columns, free, devices), observed_workload(self._snapshot))
        cores = free[:, self.ground.columns.index(CPU)]
        rank: Floats = (1.0 - lost) + cores / (1.0 + np.abs(cores).max(initial=0)) * 1e-6
        return rank

    def touched(self) -> NDArray[np.bool_]:
        """Say which nodes are not as they were surveyed (nodes x 1): somebody leaves or comes."""
        touched = np.zeros((len(self.cooling), 1), dtype=bool)
        touched[[self._survey.row_of[name] for name in self._active]] = True
        return touched

    def alone(self, new: Ints, shares: Shares) -> Ints:
        """Return the nodes with new fillers where nothing else changes."""
        rows = quiet_rows(self.ground, self.rows, new, shares)
        active = [self._survey.row_of[name] for name in self._active]
        return np.setdiff1d(rows, np.array(active, dtype=np.int64))

    @property
    def active(self) -> list[NodeRoom]:
        """The nodes where anything changes by itself."""
        return [room for room in self.rooms.made if room.name in self._active]

    def put(self, rows: Ints, new: Ints, shares: Shares) -> None:
        """Make instances of what is new on some nodes."""
        for row in rows.tolist():
            (room,) = self.rooms.at([row])
            self._keep_in([room])
            self._active.add(room.name)
            for index in np.flatnonzero(new[row]).tolist():
                of, shape = self.ground.shapes[index]
                smallest = {each.resource: each.minimum for each in shape.elastic}
                for _ in range(int(new[row, index])):
                    instance = Instance(self._snapshot.sets[of], shape, dict(smallest))
                    room.instances.append(instance)
                    shares.add(instance.owner, instance.holds())

    def size(self, scales: Mapping[str, float], shares: Shares) -> None:
        """Shrink for what came, grow into what is left, and write the rows as they will be."""
        may_grow = (self.rows.room - self.rows.held >= self.rows.growth).any(axis=1) & ~self.cooling
        for room in self.rooms.at(np.flatnonzero(may_grow).tolist()):
            self._keep_in([room])
            self._active.add(room.name)
        for room in self.active:
            size_instances(room, scales, shares)
            self._survey.write(self.rows, room)
