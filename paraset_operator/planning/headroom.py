"""Room kept free for LS work before it asks: each copy of a headroom shape is promised where it fits, or made.

A shape that lends its devices keeps only the rest free, beside devices that are free or held by fillers: an LS pod of
that shape then costs one filler its place, and nothing else has to make room. What that filler will leave behind need
not be kept free too, and no device stays empty for it. Such room is made by shrinking alone: evicting one filler now
to spare another later would gain nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from paraset_operator.model.devices import Free, place, without
from paraset_operator.model.plan import Beneficiary, Reason, Release
from paraset_operator.model.policy import HeadroomShape, PolicyView
from paraset_operator.model.quantity import CPU, PODS
from paraset_operator.model.resources import Resources, devices_of, fits, minus, plus, total_of
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.feasibility import selects
from paraset_operator.planning.lost_work import Owners
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.rooms import Rooms
from paraset_operator.planning.yielding import release_cheapest


@dataclass(slots=True)
class LentDevices:
    """The devices of each node that no copy has been promised yet, be they free or held by fillers."""

    rest: dict[str, dict[str, int]] = field(default_factory=dict)
    tracked: dict[str, dict[str, Free]] = field(default_factory=dict)

    def are_on(self, room: NodeRoom, devices: Resources) -> bool:
        """Say whether enough is left on a node for a copy."""
        return fits(devices, self._of(room)) and None not in self._places(room, devices).values()

    def take(self, room: NodeRoom, devices: Resources) -> None:
        """Count devices as promised to a copy."""
        self.rest[room.name] = minus(self._of(room), devices)
        for name, placed in self._places(room, devices).items():
            self.tracked[room.name][name] = without(self.tracked[room.name][name], placed or ())

    def _of(self, room: NodeRoom) -> dict[str, int]:
        if room.name not in self.rest:
            held = total_of(devices_of(pod.requests) for pod in room.fillers)
            self.rest[room.name] = plus(devices_of(room.open_soon), held)
            self.tracked[room.name] = {name: each.soon_without(room.fillers) for name, each in room.devices.items()}
        return self.rest[room.name]

    def _places(self, room: NodeRoom, devices: Resources) -> dict[str, tuple[tuple[int, int], ...] | None]:
        """Return where a copy's devices would be, None for where there is no place, by tracked resource."""
        return {
            name: place(devices.get(name, 0), left, room.devices[name].sizes)
            for name, left in self.tracked[room.name].items()
        }


def keep_headroom(policies: tuple[PolicyView, ...], rooms: Rooms, owners: Owners, now: float) -> tuple[Release, ...]:
    """Return the releases that make missing headroom; what is there already is only promised."""
    lent = LentDevices()
    releases: list[Release] = []
    for policy in policies:
        for shape in policy.headroom:
            able = rooms.able(plus(shape.resources, {PODS: 1}))
            nodes = [room for room in able if _serves(room, policy, shape)]
            if _lends(shape):
                releases += _keep_beside_lent(shape, nodes, lent, owners, now)
            else:
                releases += _keep(shape, nodes, owners, now)
    return tuple(releases)


def _lends(shape: HeadroomShape) -> bool:
    return shape.lends_devices and bool(devices_of(shape.resources))


def _serves(room: NodeRoom, policy: PolicyView, shape: HeadroomShape) -> bool:
    return room.policy is policy and not room.node.trouble and selects(shape.nodes, room.node.labels)


def _beneficiary(shape: HeadroomShape, nodes: list[NodeRoom], copy: int) -> Beneficiary:
    policy = nodes[0].policy.name if nodes and nodes[0].policy else ""
    return Beneficiary(f"headroom {policy}/{shape.name} copy {copy + 1}")


def _keep(shape: HeadroomShape, nodes: list[NodeRoom], owners: Owners, now: float) -> Iterator[Release]:
    need = plus(shape.resources, {PODS: 1})
    for copy in range(shape.copies):
        home = _home(need, [room for room in nodes if not _has_other_devices(room, need)]) or _home(need, nodes)
        if home is not None:
            home.promise(need)
            continue
        who = _beneficiary(shape, nodes, copy)
        release = release_cheapest(need, nodes, owners, now, who, Reason.HEADROOM, nominee=None)
        if release is not None:
            yield release


def _home(need: Resources, nodes: Iterable[NodeRoom]) -> NodeRoom | None:
    """Return where room is kept: of the nodes that have it, the one on which others leave most cores; else None.

    Fillers have no say in the order. If they had, filling the one node would move the room to another, and what was
    put into the first place would be evicted for the next copy, again and again.
    """
    fitting = (room for room in nodes if room.fits_now(need))
    return min(fitting, key=lambda room: (-_lendable(room).get(CPU, 0), room.name), default=None)


def _has_other_devices(room: NodeRoom, need: Resources) -> bool:
    """Say whether room set aside here could keep fillers from devices that the shape itself has no use for."""
    return any(name not in need for name in devices_of(_lendable(room)))


def _lendable(room: NodeRoom) -> dict[str, int]:
    return minus(room.node.allocatable, room.others)


def _keep_beside_lent(
    shape: HeadroomShape, nodes: list[NodeRoom], lent: LentDevices, owners: Owners, now: float
) -> Iterator[Release]:
    devices = devices_of(shape.resources)
    tracked = {name for room in nodes for name in room.devices}
    borrower = _smallest_borrower(devices, tracked, owners.values())
    left_behind = minus(borrower, devices_of(borrower))
    need = _positive(minus(minus(plus(shape.resources, {PODS: 1}), devices), left_behind))
    for copy in range(shape.copies):
        able = [room for room in nodes if lent.are_on(room, devices)]
        home = _home(need, [room for room in able if _leaves_room_for_borrowers(room, need, devices, borrower)])
        if home is not None:
            home.promise(need)
            lent.take(home, devices)
            continue
        who = _beneficiary(shape, nodes, copy)
        able = [room for room in able if not _has_open_devices(room, devices)]
        promised = {room.name: room.promised for room in able}
        release = release_cheapest(need, able, owners, now, who, Reason.HEADROOM, nominee=None, may_evict=False)
        for room in able:
            if room.promised is not promised[room.name]:
                lent.take(room, devices)
        if release is not None:
            yield release


def _smallest_borrower(devices: Resources, tracked: set[str], owners: Iterable[ParaSetView]) -> dict[str, int]:
    """Return the least that a filler which holds such devices takes, over all sets; of a tracked one, any part."""
    held = {name: 1 if name in tracked else amount for name, amount in devices.items()}
    borrowers = [shape.smallest for owner in owners for shape in owner.shapes if fits(held, shape.fixed)]
    names = set.intersection(*(set(each) for each in borrowers)) if borrowers else set()
    return {name: min(each[name] for each in borrowers) for name in sorted(names)}


def _leaves_room_for_borrowers(room: NodeRoom, need: Resources, devices: Resources, borrower: Resources) -> bool:
    """Say whether fillers can still take all devices that are free, with the copy's room set aside."""
    free = min((_times_open(room, name, amount) for name, amount in devices.items()), default=0)
    claims = {name: amount * free for name, amount in borrower.items() if name not in devices}
    return fits(plus(need, claims), room.open_now)


def _times_open(room: NodeRoom, name: str, amount: int) -> int:
    """Return how many copies find a device free now."""
    times = max(0, room.open_now.get(name, 0)) // amount
    return min(times, room.devices[name].times_now(amount)) if name in room.devices else times


def _has_open_devices(room: NodeRoom, devices: Resources) -> bool:
    """Say whether any device is free; a scrap of a tracked one, too small for a copy, is not."""
    return any(
        name not in room.devices or _times_open(room, name, devices.get(name, 1)) > 0
        for name in devices_of(room.open_now)
    )


def _positive(amounts: Resources) -> dict[str, int]:
    return {name: amount for name, amount in amounts.items() if amount > 0}
