"""Room for LS pods that are announced and do not exist yet: promised where they fit, made where they do not.

- Nobody is nominated, for there is no pod; fillers keep off what is promised, and the pod finds the room when it comes.
- Room that is free, or on its way, is promised first: no filler leaves for a pod that fits.
- A pod is demanded once: announcements of one key speak of the same pods, and the larger number counts.
- For what has only just been announced room is kept and none is made, because the pods may come at once and preempt.
- Large pods come before small ones, so that in the next plan a small one does not take what was made for a large one.
"""

from collections.abc import Container, Iterable, Iterator

from paraset_operator.model.announced import Announcement
from paraset_operator.model.plan import Beneficiary, Reason, Release
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.quantity import CPU, MEMORY
from paraset_operator.model.resources import Resources, devices_of
from paraset_operator.planning.cheapest import CheapestNodes
from paraset_operator.planning.lost_work import Owners
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.rooms import Rooms
from paraset_operator.planning.yielding import release_at

# Releases for announced pods in one plan, kinds of pods for which victims are looked for, and kinds for which it is
# looked whether there could be any: that costs little, and those for whom no node could ever do keep nobody else back.
# The rest follows in the next plan, so that nobody who waits is kept waiting.
MOST_AT_ONCE = 64
MOST_SEARCHES = 8
MOST_LOOKS = 64


def make_for_announced(
    announced: Iterable[Announcement], policies: Iterable[PolicyView], rooms: Rooms, owners: Owners, now: float
) -> tuple[Release, ...]:
    """Return the releases for announced pods; those that fit are only promised their room."""
    served: dict[str, int] = {}
    kinds: dict[object, _Kind] = {}
    releases: list[Release] = []
    for each in sorted(announced, key=_order):
        takers = frozenset(policy.name for policy in policies if _is_taken(each, policy))
        count = each.count - served.get(each.key, 0)
        if count <= 0 or not takers or not each.constraints.is_judgeable:
            continue
        name = (each.priority, takers, each.constraints, *sorted(each.requests.items()))
        kind = kinds.setdefault(name, _Kind(each, takers, rooms, owners, now))
        kept = kind.keep(count, len(releases))
        looks = [other.could_do for other in kinds.values() if other.could_do is not None]
        may_search = sum(looks) < MOST_SEARCHES and len(looks) < MOST_LOOKS
        if kept < count and not each.is_fresh and (kind.could_do is not None or may_search):
            for release, number in kind.make(each, count - kept, MOST_AT_ONCE - len(releases)):
                releases.append(release)
                kept += number
            if kept < count:
                kind.full_since = len(releases)
        served[each.key] = served.get(each.key, 0) + kept
    return tuple(releases)


def _order(each: Announcement) -> tuple[object, ...]:
    size = (sum(devices_of(each.requests).values()), each.requests.get(CPU, 0), each.requests.get(MEMORY, 0))
    return (-each.priority, *(-amount for amount in size), each.key, -each.count, each.source, each.asker)


def _is_taken(each: Announcement, policy: PolicyView) -> bool:
    """Say whether fillers yield to it on the nodes of a policy."""
    is_meant = each.policy in ("", policy.name)
    return is_meant and each.priority >= policy.ls_priority and policy.announced.takes(each)


def _lent(takers: Container[str], rooms: Iterable[NodeRoom]) -> list[NodeRoom]:
    """Return the nodes without trouble that a policy covers which takes it."""
    return [room for room in rooms if room.policy and room.policy.name in takers and not room.node.trouble]


def _promise(need: Resources, nodes: list[NodeRoom], count: int) -> int:
    """Promise room that is free, then room that is on its way; return for how many pods there was any."""
    left = count
    for fits in (NodeRoom.fits_now, NodeRoom.fits_soon):
        for room in nodes:
            while left and fits(room, need):
                room.promise(need)
                left -= 1
    return count - left


class _Kind:
    """Pods that are alike, whoever announces them: where there is room for them, and where some can be made.

    `could_do` says whether any node could hold one without its fillers; None before that was looked at. `full_since` is
    how many releases there were when no room was left for them: until there are more, none is looked for again.
    """

    def __init__(self, each: Announcement, takers: Container[str], rooms: Rooms, owners: Owners, now: float) -> None:
        self._like = Pod("", each.key, "", priority=each.priority, requests=each.requests, constraints=each.constraints)
        self._takers, self._rooms, self._owners, self._now = takers, rooms, owners, now
        self._cheapest: CheapestNodes | None = None
        self.could_do: bool | None = None
        self.full_since = -1

    def keep(self, count: int, releases: int) -> int:
        """Promise room that is there for so many pods; return for how many there was any."""
        if self.full_since == releases:
            return 0
        need = self._like.requests
        nodes = _lent(self._takers, self._rooms.open_to(self._like))
        kept = _promise(need, self._rooms.in_home_order(need, nodes), count)
        if kept < count:
            self.full_since = releases
        return kept

    def make(self, each: Announcement, count: int, most: int) -> Iterator[tuple[Release, int]]:
        """Yield releases, each with the number of pods it makes room for: what a victim leaves over is used too."""
        need, who = self._like.requests, Beneficiary(each.words, source=each.source.value)
        while count > 0 and most > 0 and (found := self._nodes.pop()):
            release = release_at(*found, need, self._owners, self._now, who, Reason.ANNOUNCED, nominee=None)
            served = 1 + _promise(need, [found[1]], count - 1)
            self._nodes.look(found[1])
            if release is not None:
                yield release, served
                most -= 1
            count -= served

    @property
    def _nodes(self) -> CheapestNodes:
        if self._cheapest is None:
            nodes = _lent(self._takers, self._rooms.feasible(self._like))
            self.could_do = bool(nodes)
            self._cheapest = CheapestNodes(self._like.requests, nodes, self._owners, self._now)
        return self._cheapest
