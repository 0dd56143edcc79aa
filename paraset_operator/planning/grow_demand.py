"""LS pods that run and wait to grow in place (the kubelet has put their resize off) are demand too.

Such a pod can grow on its own node only. There room is made for what it lacks, up the same ladder as for a pod that is
still to come: growth is taken back, CPU shrinks, memory shrinks, fillers leave; where all that would not be enough
nobody gives anything. Never for a filler, nor for a pod below the policy's LS priority: those wait for what comes free.
Nor for a grow that the kubelet has not answered yet, or says that it will never grant.

The scheduler charges a pod for what it wants to become, so the room is nobody else's in any case.
"""

from collections.abc import Iterator

from paraset_operator.model.plan import Beneficiary, Reason, Release
from paraset_operator.model.pod import Resize
from paraset_operator.planning.lost_work import Owners
from paraset_operator.planning.rooms import Rooms
from paraset_operator.planning.yielding import release_cheapest


def make_room_to_grow(rooms: Rooms, owners: Owners, now: float) -> Iterator[Release]:
    """Yield the releases for all pods that wait to grow, the most important first on each node."""
    for room in rooms.growing():
        for pod in sorted(room.growing, key=lambda pod: (-pod.priority, pod.created, pod.key)):
            promised = room.promised
            policy = room.policy if pod.resize is Resize.DEFERRED else None
            if policy is not None and pod.priority >= policy.ls_priority:
                who = Beneficiary(pod.key, pod.uid)
                release = release_cheapest(pod.wanting, [room], owners, now, who, Reason.YIELDS, nominee=None)
                if release is not None:
                    yield release
            if room.promised is promised:
                room.promise(pod.wanting)
            room.charge(pod.wanting)
