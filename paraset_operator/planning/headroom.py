"""Room kept free for LS work before it asks: each copy of a headroom shape is promised where it fits, or made.

A shape that lends its devices keeps only the rest free, beside devices that are free or held by fillers: an LS pod of
that shape then costs one filler its place, and nothing else has to make room. What that filler will leave behind need
not be kept free too, and no device stays empty for it. Such room is made by shrinking alone: evicting one filler now
to spare another later would gain nothing.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from paraset_operator.model.devices import Free, place, without
from paraset_operator.model.node import Node
from paraset_operator.model.plan import Beneficiary, Reason, Release
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import HeadroomShape, PolicyView
from paraset_operator.model.quantity import PODS
from paraset_operator.model.resources import Resources, devices_of, fits, minus, plus, total_of
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.feasibility import selects
from paraset_operator.planning.lost_work import Owners
from paraset_operator.planning.prospects import Kind, Search
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.rooms import Rooms
from paraset_operator.planning.yielding import release_cheapest, release_for_copies


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


class Sites:
    """The nodes where room is kept for one shape.

    Those that have it are looked at one by one, best first, and left for good once they have no more: what is promised
    there is never taken back. All of them are only looked at when a copy has to be made.
    """

    def __init__(self, rooms: Rooms, policy: PolicyView, shape: HeadroomShape) -> None:
        self._rooms, self._policy, self._shape = rooms, policy, shape
        self._all: list[NodeRoom] | None = None

    def homes(self, need: Resources, is_good: Callable[[NodeRoom], bool], *, lends: bool) -> Iterator[NodeRoom]:
        """Yield where each copy in turn has room at once; the room is to be promised before the next is asked for."""
        devices = devices_of(self._shape.resources)
        for name in self._rooms.with_room(need, devices, spares_devices=not lends):
            while self._serves(*self._rooms.place_of(name)):
                room = self._rooms[name]
                if not (room.fits_now(need) and is_good(room)):
                    break
                yield room

    def all(self) -> list[NodeRoom]:
        """Return all nodes that could hold a copy if every filler left."""
        if self._all is None:
            able = self._rooms.able(plus(self._shape.resources, {PODS: 1}))
            self._all = [room for room in able if self._serves(room.node, room.policy)]
        return self._all

    def beneficiary(self, copy: int) -> Beneficiary:
        """Return the copy's name, for those who have to leave for it."""
        return Beneficiary(f"headroom {self._policy.name}/{self._shape.name} copy {copy + 1}")

    def kind(self, need: Resources) -> Kind:
        """Return what a search over all nodes is to look for."""
        return Kind(need, lambda node: selects(self._shape.nodes, node.labels), self._serves)

    def _serves(self, node: Node, policy: PolicyView | None) -> bool:
        return policy is self._policy and not node.trouble and selects(self._shape.nodes, node.labels)


def keep_headroom(policies: tuple[PolicyView, ...], search: Search) -> Iterator[Release]:
    """Yield the releases that make missing headroom; what is there already is only promised."""
    lent, rooms = LentDevices(), search.rooms
    for policy in policies:
        for shape in policy.headroom:
            sites = Sites(rooms, policy, shape)
            if shape.lends_devices and devices_of(shape.resources):
                yield from _keep_beside_lent(shape, sites, lent, search.owners, search.now, rooms.tracked)
            else:
                yield from _keep(shape, sites, search)


def _keep(shape: HeadroomShape, sites: Sites, search: Search) -> Iterator[Release]:
    need = plus(shape.resources, {PODS: 1})
    kept = 0
    for home in islice(sites.homes(need, lambda _room: True, lends=False), shape.copies):
        home.promise(need)
        kept += 1
    missing = shape.copies - kept
    if missing:
        yield from release_for_copies(missing, lambda copy: sites.beneficiary(kept + copy), sites.kind(need), search)


def _keep_beside_lent(
    shape: HeadroomShape, sites: Sites, lent: LentDevices, owners: Owners, now: float, tracked: Container[str]
) -> Iterator[Release]:
    devices = devices_of(shape.resources)
    borrower = smallest_borrower(devices, tracked, owners.values())
    left_behind = minus(borrower, devices_of(borrower))
    need = _positive(minus(minus(plus(shape.resources, {PODS: 1}), devices), left_behind))

    def is_good(room: NodeRoom) -> bool:
        return lent.are_on(room, devices) and leaves_room_for_borrowers(room, need, devices, borrower)

    homes = sites.homes(need, is_good, lends=True)
    for copy in range(shape.copies):
        home = next(homes, None)
        if home is not None:
            home.promise(need)
            lent.take(home, devices)
            continue
        able = [room for room in sites.all() if lent.are_on(room, devices) and not _has_open_devices(room, devices)]
        promised = {room.name: room.promised for room in able}
        who = sites.beneficiary(copy)
        release = release_cheapest(need, able, owners, now, who, Reason.HEADROOM, nominee=None, may_evict=False)
        for room in able:
            if room.promised is not promised[room.name]:
                lent.take(room, devices)
        if release is not None:
            yield release


def smallest_borrower(devices: Resources, tracked: Container[str], owners: Iterable[ParaSetView]) -> dict[str, int]:
    """Return the least that a filler which holds such devices takes, over all sets; of a tracked one, any part."""
    held = {name: 1 if name in tracked else amount for name, amount in devices.items()}
    borrowers = [shape.smallest for owner in owners for shape in owner.shapes if fits(held, shape.fixed)]
    names = set.intersection(*(set(each) for each in borrowers)) if borrowers else set()
    return {name: min(each[name] for each in borrowers) for name in sorted(names)}


def leaves_room_for_borrowers(room: NodeRoom, need: Resources, devices: Resources, borrower: Resources) -> bool:
    """Say whether fillers could hold all devices that others leave, with the copy's room set aside.

    What they hold now does not count: else those without devices would grow into what is left for those with, and the
    copy would be gone by the next plan.
    """
    held = total_of(pod.requests for pod in room.fillers)
    left = min((_times_left(room, name, amount, room.fillers) for name, amount in devices.items()), default=0)
    claims = {name: amount * left for name, amount in borrower.items() if name not in devices}
    return fits(plus(need, claims), plus(room.open_now, held))


def _times_left(room: NodeRoom, name: str, amount: int, gone: Sequence[Pod] = ()) -> int:
    """Return how many copies find a device free now, as if some fillers had gone."""
    held = sum(pod.requests.get(name, 0) for pod in gone)
    times = max(0, room.open_now.get(name, 0) + held) // amount
    return min(times, room.devices[name].times_now(amount, gone)) if name in room.devices else times


def _has_open_devices(room: NodeRoom, devices: Resources) -> bool:
    """Say whether any device is free; a scrap of a tracked one, too small for a copy, is not."""
    return any(
        name not in room.devices or _times_left(room, name, devices.get(name, 1)) > 0
        for name in devices_of(room.open_now)
    )


def _positive(amounts: Resources) -> dict[str, int]:
    return {name: amount for name, amount in amounts.items() if amount > 0}
