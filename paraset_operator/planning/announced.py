"""Room for LS pods that are announced and do not exist yet: promised where they fit, made where they do not.

- Nobody is nominated, for there is no pod; fillers keep off what is promised, and the pod finds the room when it comes.
- Room that is free, or on its way, is promised first: no filler leaves for a pod that fits.
- A pod is demanded once: announcements of one key speak of the same pods, and the larger number counts.
- For what has only just been announced room is kept and none is made, because the pods may come at once and preempt.
- Large pods come before small ones, so that in the next plan a small one does not take what was made for a large one.
"""

from collections.abc import Iterable, Iterator

from paraset_operator.model.announced import Announcement
from paraset_operator.model.plan import Beneficiary, Reason, Release
from paraset_operator.model.pod import Pod
from paraset_operator.model.quantity import CPU, MEMORY
from paraset_operator.model.resources import Resources, devices_of
from paraset_operator.planning.cheapest import CheapestNodes
from paraset_operator.planning.homes import in_home_order
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.rooms import Rooms
from paraset_operator.planning.victims import Owners
from paraset_operator.planning.yielding import release_at

# Releases for announced pods in one plan. The rest follows in the next, so that nobody who waits is kept waiting.
MOST_AT_ONCE = 64


def make_for_announced(
    announced: Iterable[Announcement], rooms: Rooms, owners: Owners, now: float
) -> tuple[Release, ...]:
    """Return the releases for announced pods; those that fit are only promised their room."""
    served: dict[str, int] = {}
    releases: list[Release] = []
    for each in sorted(announced, key=_order):
        count = each.count - served.get(each.key, 0)
        if count <= 0 or not each.constraints.is_judgeable:
            continue
        like = _like(each)
        nodes = in_home_order(each.requests, _lent(each, rooms.open_to(like)))
        kept = _promise(each.requests, nodes, count)
        made: list[tuple[Release, int]] = []
        if kept < count and not each.is_fresh:
            nodes = _lent(each, rooms.feasible(like))
            made = list(_make(each, nodes, count - kept, MOST_AT_ONCE - len(releases), owners, now))
        releases += (release for release, _ in made)
        served[each.key] = served.get(each.key, 0) + kept + sum(number for _, number in made)
    return tuple(releases)


def _order(each: Announcement) -> tuple[object, ...]:
    size = (sum(devices_of(each.requests).values()), each.requests.get(CPU, 0), each.requests.get(MEMORY, 0))
    return (-each.priority, *(-amount for amount in size), each.key, -each.count, each.source, each.asker)


def _like(each: Announcement) -> Pod:
    """Return a pod as it will be, to ask where it may run."""
    return Pod("", each.key, "", priority=each.priority, requests=each.requests, constraints=each.constraints)


def _lent(each: Announcement, rooms: Iterable[NodeRoom]) -> list[NodeRoom]:
    """Return the nodes where fillers yield to it: those of policies that take it."""
    return [room for room in rooms if not room.node.trouble and _is_taken(each, room)]


def _is_taken(each: Announcement, room: NodeRoom) -> bool:
    policy = room.policy
    if policy is None or each.policy not in ("", policy.name):
        return False
    return each.priority >= policy.ls_priority and policy.announced.takes(each)


def _promise(need: Resources, nodes: list[NodeRoom], count: int) -> int:
    """Promise room that is free, then room that is on its way; return for how many pods there was any."""
    left = count
    for fits in (NodeRoom.fits_now, NodeRoom.fits_soon):
        for room in nodes:
            while left and fits(room, need):
                room.promise(need)
                left -= 1
    return count - left


def _make(
    each: Announcement, nodes: list[NodeRoom], count: int, most: int, owners: Owners, now: float
) -> Iterator[tuple[Release, int]]:
    """Yield releases, each with the number of pods it makes room for: what a victim leaves over is used too."""
    need, beneficiary = each.requests, Beneficiary(each.words, source=each.source.value)
    cheapest = CheapestNodes(need, nodes, owners, now)
    while count > 0 and most > 0 and (found := cheapest.pop()):
        release = release_at(*found, need, owners, now, beneficiary, Reason.ANNOUNCED, nominee=None)
        room = found[1]
        served = 1 + _promise(need, [room], count - 1)
        cheapest.look(room)
        if release is not None:
            yield release, served
            most -= 1
        count -= served
