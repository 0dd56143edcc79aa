"""Room ahead of a burst: while LS pods wait, a little more is made than they ask for.

A burst seldom ends with the pod just seen, and the scheduler lets pods take each other's places, so that some have to
wait for a second victim. One place more for every ten that wait (the policy's aheadPercent) serves both; a few pods
cost nothing more than they need. Places that are on their way and nobody's yet count.
"""

from collections.abc import Iterable

from paraset_operator.model.plan import Beneficiary, Reason, Release
from paraset_operator.model.pod import Pod
from paraset_operator.planning.demand import queue_of
from paraset_operator.planning.lost_work import Owners
from paraset_operator.planning.rooms import Rooms
from paraset_operator.planning.yielding import release_cheapest, rooms_lent


def make_ahead(
    waiting: Iterable[Pod], served: set[str], rooms: Rooms, owners: Owners, now: float
) -> tuple[Release, ...]:
    """Return the releases for pods still to come; `served` are the uids of pods that can be bound at once."""
    groups: dict[tuple[object, ...], list[Pod]] = {}
    for pod in queue_of(waiting):
        if pod.constraints.is_judgeable and pod.uid not in served:
            groups.setdefault((pod.priority, *sorted(pod.requests.items())), []).append(pod)
    releases = []
    for pods in groups.values():
        lent = rooms_lent(pods[0], rooms.feasible(pods[0]))
        share = max((room.policy.ahead_percent for room in lent if room.policy), default=0)
        beneficiary = Beneficiary(f"more LS pods such as {pods[0].key}")
        for _ in range(len(pods) * share // 100):
            release = release_cheapest(pods[0].requests, lent, owners, now, beneficiary, Reason.YIELDS, nominee=None)
            if release is not None:
                releases.append(release)
    return tuple(releases)
