"""A few cores kept free for LS pods that lack only cores: by default, in every cluster that is large enough.

kube-scheduler preempts in its first attempt, some 10 ms after an LS pod was created, before anybody can shrink a filler
for it. So where shrinking is enough, it has to be done before. A hundredth of the cores that could be filled serves a
stream of such pods, because a piece that was taken is there again as soon as a filler has shrunk.

Pieces are of the size of an ordinary pod. They cost nobody a place and leave no device idle: they lie only where
fillers can still take all devices that are free, and are made by shrinking alone.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from paraset_operator.model.node import Node
from paraset_operator.model.plan import Beneficiary, Release
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.quantity import CPU, MEMORY, PODS
from paraset_operator.model.resources import Resources, devices_of
from paraset_operator.planning.headroom import leaves_room_for_borrowers, smallest_borrower
from paraset_operator.planning.prospects import Kind, Search
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.yielding import release_for_copies

# By device: the least that a filler takes of it, and the least of everything that such a filler takes.
Borrowers: TypeAlias = dict[str, tuple[int, dict[str, int]]]
PIECE: Resources = {CPU: 8_000, MEMORY: 32 * 2**30, PODS: 1}


def keep_cpu_headroom(policies: Iterable[PolicyView], search: Search) -> Iterator[Release]:
    """Yield the shrinks that make missing pieces; what is there already is only promised."""
    for policy in policies:
        pieces = search.rooms.fillable_cores(policy) * policy.cpu_headroom_percent // 100 // PIECE[CPU]
        if pieces:
            yield from _keep(pieces, policy, search)


def _keep(pieces: int, policy: PolicyView, search: Search) -> Iterator[Release]:
    rooms, borrowers = search.rooms, _borrowers(search)

    def serves(node: Node, of: PolicyView | None) -> bool:
        return of is policy and not node.trouble

    def is_lent(node: Node, of: PolicyView | None) -> bool:
        return serves(node, of) and not _idle_devices(rooms[node.name], borrowers)

    kept = 0
    for name in rooms.with_room(PIECE, {}, spares_devices=True):
        while kept < pieces and serves(*rooms.place_of(name)) and _has_room(rooms[name], borrowers):
            rooms[name].promise(PIECE)
            kept += 1
    if kept < pieces:
        kind, who = Kind(PIECE, lambda _node: True, is_lent), Beneficiary(f"cpu headroom of {policy.name}")
        yield from release_for_copies(pieces - kept, lambda _: who, kind, search, may_evict=False)


def _borrowers(search: Search) -> Borrowers:
    least: dict[str, int] = {}
    for owner in search.owners.values():
        for shape in owner.shapes:
            for name, amount in devices_of(shape.fixed).items():
                least[name] = min(amount, least.get(name, amount))
    tracked, owners = search.rooms.tracked, search.owners.values()
    return {name: (amount, smallest_borrower({name: amount}, tracked, owners)) for name, amount in least.items()}


def _has_room(room: NodeRoom, borrowers: Borrowers) -> bool:
    """Say whether a piece fits, with room beside it for fillers on all devices that are free."""
    return room.fits_now(PIECE) and all(
        leaves_room_for_borrowers(room, PIECE, {name: borrowers[name][0]}, borrowers[name][1])
        for name in _idle_devices(room, borrowers)
    )


def _idle_devices(room: NodeRoom, borrowers: Borrowers) -> list[str]:
    """Return the devices that are free on a node and that some filler could take."""
    return [name for name, amount in devices_of(room.open_now).items() if amount > 0 and name in borrowers]
