"""The working state of one plan: rows of all nodes, rooms of those with something to do."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.plan import DeletePod, Notice, Release, Storm
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import Tenant
from paraset_operator.model.quantity import CPU
from paraset_operator.model.resources import plus
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.additions import Additions
from paraset_operator.planning.ahead import make_ahead
from paraset_operator.planning.announced import make_for_announced
from paraset_operator.planning.contenders import Contender, Obstacles, admit, contender_of
from paraset_operator.planning.cpu_headroom import keep_cpu_headroom
from paraset_operator.planning.departures import departures, without_room
from paraset_operator.planning.fairness import Shares
from paraset_operator.planning.fragmentation import DeviceTable, observed_workload, rates
from paraset_operator.planning.fragmentation import Rooms as FragmentRooms
from paraset_operator.planning.grow_demand import make_room_to_grow
from paraset_operator.planning.headroom import keep_headroom
from paraset_operator.planning.lost_work import Owners, standing_of
from paraset_operator.planning.pacing import Pacing
from paraset_operator.planning.planned_rows import PlannedRows, Sums
from paraset_operator.planning.problem import Floats, Ints
from paraset_operator.planning.prospects import Search
from paraset_operator.planning.room import Instance, NodeRoom
from paraset_operator.planning.rooms import Rooms
from paraset_operator.planning.sizing import kept_sizes, size_instances
from paraset_operator.planning.storms import storms
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import NEVER, Rows
from paraset_operator.planning.usual_nodes import ChangedNode, UsualNodes, is_plain
from paraset_operator.planning.victim_rows import VictimRows
from paraset_operator.planning.worth import Scales
from paraset_operator.planning.yielding import make_room


class Draft:
    """The working state of one plan call: rows of all nodes, rooms of those with something to do."""

    def __init__(self, survey: Survey, planned: PlannedRows, victims: VictimRows, snapshot: Snapshot) -> None:
        self._survey, self._planned, self._snapshot = survey, planned, snapshot
        self.ground = survey.ground
        self.owners: Owners = {owner.uid: owner for owner in snapshot.sets}
        self.rooms = Rooms(survey, self.owners)
        self._victims = victims
        self.rows: Rows = planned.rows
        self.cooling: NDArray[np.bool_] = np.zeros(len(survey.states), dtype=bool)
        self.notices: list[Notice] = []
        # When the next filler that was told to leave has to, by the monotonic clock.
        self.next_move: float | None = None
        self.stormy: NDArray[np.bool_] = np.zeros_like(self.cooling)
        self.storms: Mapping[str, Storm] = {}
        self._kept: set[str] = set()
        # Rows of nodes where anything changes by itself.
        self._active: set[int] = set()

    def make_way(self, moment: Moment, *, keeps_headroom: bool = True) -> Iterator[Release]:
        """Yield what makes room for LS pods that wait, for those to come or announced, and for headroom."""
        snapshot, rooms = self._snapshot, self.rooms
        self._rank_victims()
        yield from make_room_to_grow(rooms, self.owners, moment.wall)
        search = Search(rooms, self._victims, self.owners, moment.wall)
        served = yield from make_room(snapshot.waiting, snapshot.fresh, snapshot.answered, search)
        yield from make_ahead(snapshot.waiting, served, search)
        yield from make_for_announced(snapshot.announced, self.ground.policies, rooms, self.owners, moment.wall)
        if not keeps_headroom:
            return
        yield from keep_headroom(self.ground.policies, search)
        yield from keep_cpu_headroom(self.ground.policies, search)

    def _rank_victims(self) -> None:
        sums = self._planned.sums()
        counts: list[int] = self.ground.number(sums.counts).tolist()
        self.rooms.rank(standing_of(self._snapshot.sets, counts, self._shares(sums)))

    def cool(self, releases: Iterable[Release], pacing: Pacing, moment: Moment) -> None:
        """Mark the nodes that LS work has reclaimed just now or a short while ago."""
        hot = {name for name in pacing.cool_downs if pacing.is_cooling(name, moment.monotonic)}
        names = frozenset(hot | {release.node for release in releases})
        self.rooms.cool(names)
        self.cooling[[self._survey.row_of[name] for name in names if name in self._survey.row_of]] = True

    def calm(self, pacing: Pacing, moment: Moment) -> None:
        """Mark the nodes of policies that are in a storm."""
        policies = self._survey.policies
        self.storms = storms(self._survey.states, policies, pacing, moment.monotonic)
        if self.storms:
            self.stormy[:] = [policy is not None and policy.name in self.storms for policy in policies]
            self.rooms.cool(frozenset(self._survey.states[row].node.name for row in np.flatnonzero(self.halted)))

    @property
    def halted(self) -> NDArray[np.bool_]:
        """Say which nodes take nothing new for now, and where nothing grows."""
        return self.cooling | self.stormy

    def let_leave(self, pacing: Pacing, moment: Moment) -> list[DeletePod]:
        """Return the fillers that can't stay."""
        crowded = np.flatnonzero(self._planned.crowded).tolist()
        self._active.update(crowded)
        self.rooms.at([*crowded, *np.flatnonzero(self.rows.unusual).tolist()])
        for row, owner in enumerate(self._snapshot.sets):
            if self._survey.names[row].count > owner.ceiling:
                mine = self.rows.counts[:, self.ground.owners == row]
                self.rooms.at(np.flatnonzero(mine.any(axis=1)).tolist())
        made = self.rooms.made
        leaving, self.notices, self.next_move = departures(
            made, self._snapshot, self.owners, pacing, moment, self.storms
        )
        return leaving + without_room(made, self.owners, moment.wall)

    def keep(self) -> Shares:
        """Take over running fillers as instances, and count what each set holds of what is fillable."""
        self._keep_in(self.rooms.made)
        return self._shares(self._planned.sums())

    def _shares(self, sums: Sums) -> Shares:
        shares = Shares(fillable=self._named(sums.room.clip(min=0)), tenants=self._tenants())
        for owner, held in zip(self._snapshot.sets, sums.own, strict=True):
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
                else:
                    room.pinned = plus(room.pinned, pod.requests)
            if room.is_touched or self.rows.unusual[self.rooms.row_of(room)]:
                self._active.add(self.rooms.row_of(room))
                self._planned.write(room)

    def _tenants(self) -> Mapping[str, Tenant]:
        merged: dict[str, Tenant] = {}
        for policy in reversed(self.ground.policies):
            merged |= policy.tenants
        return MappingProxyType(merged)

    def contenders(self, pacing: Pacing, moment: Moment) -> list[Contender]:
        """Return the sets with what each may still take and where."""
        gone, made, numbers = self._gone(), [], self.ground.number(self._planned.sums().counts)
        for row, owner in enumerate(self._snapshot.sets):
            count = int(numbers[row])
            obstacles = self._obstacles(pacing, owner.uid, moment)
            contender = contender_of(owner, count, self.rows.admits[:, row], obstacles, pacing, moment.monotonic)
            names = self._survey.names_with(row, self._snapshot.waiting)
            admit(contender, names, gone.get(owner.uid, ()), pacing, moment.monotonic)
            made.append(contender)
        return made

    def _obstacles(self, pacing: Pacing, uid: str, moment: Moment) -> Obstacles:
        refusing, words, row_of = np.zeros_like(self.cooling), "", self._survey.row_of
        ends = {
            row_of[name]: (name, wait.until)
            for name, wait in pacing.cool_downs.items()
            if name in row_of and pacing.is_cooling(name, moment.monotonic)
        }
        for key in sorted(pacing.back_offs):
            of, _, name = key.partition("/")
            if of == uid and name in row_of:
                wait = pacing.back_off_of(uid, moment.monotonic, name)
                if wait is not None:
                    refusing[row_of[name]] = True
                    ends.setdefault(row_of[name], (name, wait.until))
                    words = words or wait.message
        return Obstacles(self.cooling, self.stormy, refusing, words, tuple(self.storms.values()), ends)

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
        """Return the order of holes: those first whose idle devices serve LS work least, then the fullest.

        Fillers count at their smallest: one that has shrunk for what is new is not to send that elsewhere.
        """
        free = self.rows.room - self.rows.smallest
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
        touched[list(self._active)] = True
        return touched

    def is_alone(self, rows: Ints) -> NDArray[np.bool_]:
        """Say of which of these nodes nobody leaves or comes by himself."""
        return np.isin(rows, list(self._active), invert=True)

    def put(self, rows: Ints, new: Ints, scales: Scales, shares: Shares) -> None:
        """Count or make what is new (nodes x shapes) on some nodes."""
        self._usual = UsualNodes(self._survey, self.rows, scales, shares)
        alone = self.is_alone(rows) & is_plain(self.ground, self.rows, rows, new)
        self._planned.mark(rows[alone].tolist())
        self._usual.take(rows[alone], new[alone])
        for row, numbers in zip(rows[~alone].tolist(), new[~alone].tolist(), strict=True):
            (room,) = self.rooms.at([row])
            self._keep_in([room])
            self._active.add(row)
            for (of, shape), number in zip(self.ground.shapes, numbers, strict=True):
                smallest = {each.resource: each.minimum for each in shape.elastic}
                for _ in range(number):
                    instance = Instance(self._snapshot.sets[of], shape, dict(smallest))
                    room.instances.append(instance)
                    shares.add(instance.owner, instance.holds())

    def _are_allowed_growth(self, rows: Ints, shares: Shares) -> NDArray[np.bool_]:
        """Say on which of these nodes the limits of tenants leave room for any growth."""
        if not any(tenant.limits for tenant in shares.tenants.values()):
            return np.ones(len(rows), dtype=bool)
        columns, growth = self.ground.columns, self.rows.growth[rows]
        left = [[shares.left_within_limits(each, name, NEVER) for name in columns] for each in self.ground.sets]
        free = (self.rows.room[rows] - self.rows.held[rows])[:, None, :]
        # Growth that takes nothing, into what init containers ask for anyway, is within any limits.
        allowed = (free >= growth) & ((growth <= np.array(left)) | (growth <= 0))
        return np.asarray(allowed.any(axis=(1, 2)), dtype=np.bool_)

    def size(self, new: Additions, scales: Scales, shares: Shares) -> list[ChangedNode]:
        """Shrink for what came, grow into what is left, and write the rows as they will be; return what changes."""
        may_grow = np.flatnonzero(self._planned.growing & ~self.halted)
        may_grow = may_grow[self._are_allowed_growth(may_grow, shares)]
        plain = is_plain(self.ground, self.rows, may_grow, new.on(may_grow))
        for room in self.rooms.at(may_grow[~plain].tolist()):
            self._keep_in([room])
            self._active.add(self.rooms.row_of(room))
        sized: list[ChangedNode] = []
        for row in sorted(self._active.union(self._usual.rows, may_grow[plain].tolist())):
            if row in self._active:
                (room,) = self.rooms.at([row])
                size_instances(room, scales, shares)
                self._planned.write(room)
                sized.append(room)
            elif node := self._usual.size(row):
                sized.append(node)
        self._planned.mark(self._usual.write())
        return sized
