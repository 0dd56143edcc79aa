from collections.abc import Iterator

from paraset_operator.model.plan import Beneficiary, Reason, Release
from paraset_operator.planning.lost_work import Owners
from paraset_operator.planning.rooms import Rooms
from paraset_operator.planning.yielding import release_cheapest


def make_room_to_grow(rooms: Rooms, owners: Owners, now: float) -> Iterator[Release]:
    """Yield the releases for all pods that wait to grow, the most important first on each node."""
    for room in rooms.growing():
        for pod in sorted(room.growing, key=lambda pod: (-pod.priority, pod.created, pod.key)):
            promised = room.promised
            if room.policy is not None and pod.priority >= room.policy.ls_priority:
                who = Beneficiary(pod.key, pod.uid)
                release = release_cheapest(pod.wanting, [room], owners, now, who, Reason.YIELDS, nominee=None)
                if release is not None:
                    yield release
            if room.promised is promised:
                room.promise(pod.wanting)
            room.charge(pod.wanting)
