"""Making room for LS pods that fit nowhere: nominate and release the cheapest feasible node.

Never a second eviction for the same pod: who is so fresh that the scheduler may be at its first attempt, in which it
preempts by itself, gets that moment; who is nominated, by us or by the scheduler, is left alone; where enough is
already terminating the pod is only nominated; a pod that a filler was evicted for already gets no other one, unless it
may not preempt, so that nobody else would make it room; and one that would not fit even on a node emptied of fillers
evicts nothing. Pods whose constraints cannot be judged from the node alone are left to native preemption.

LS pods are spread: the scheduler counts all pods nominated to a node together, so that each of them would wait for the
last victim of all. Of two nodes where as many devices are given up, the one with fewer LS pods waiting comes first, and
only then the one where less work is lost.
"""

from collections.abc import Callable, Container, Generator, Iterable, Iterator

from paraset_operator.model.plan import Beneficiary, DeletePod, NominatePod, Reason, Release, ResizePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.resources import Resources
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.cheapest import CheapestNodes
from paraset_operator.planning.demand import promise_nominated, queue_of
from paraset_operator.planning.lost_work import Owners, seconds_lost
from paraset_operator.planning.prospects import Kind, Offer, Prospects, Search
from paraset_operator.planning.room import NodeRoom, resized
from paraset_operator.planning.victims import Sacrifice


def make_room(
    waiting: Iterable[Pod], fresh: Container[str], answered: Container[str], search: Search
) -> Generator[Release, None, set[str]]:
    """Yield the releases for all LS pods that wait; return the uids of those that can be bound at once.

    Accounts in the rooms for where each of them will go, so that a burst is answered as one: its second pod does not
    count on the hole that the first one takes.
    """
    landed = set()
    queue = promise_nominated(queue_of(waiting), search.rooms, lambda pod: _on_its_way(search.of(pod)))
    _leave_to_the_scheduler((pod for pod in queue if pod.uid in fresh), search)
    for pod in queue:
        if not pod.constraints.is_judgeable:
            continue
        prospects = search.of(pod)
        home = prospects.landing()
        if home is not None:
            home.promise(pod.requests)
            landed.add(pod.uid)
        elif pod.uid not in fresh:
            may_evict = pod.uid not in answered or not pod.may_preempt
            release = release_for(pod, search, _beneficiary(pod), nominee=pod, may_evict=may_evict)
            if release is not None:
                yield release
    return landed


def _on_its_way(prospects: Prospects) -> NodeRoom | None:
    return prospects.landing() or prospects.arriving()


def _beneficiary(pod: Pod) -> Beneficiary:
    return Beneficiary(pod.key, pod.uid, pod.nominated)


def _leave_to_the_scheduler(fresh: Iterable[Pod], search: Search) -> None:
    """Set room aside that the scheduler has made by preemption for pods whose nomination is not seen yet."""
    for pod in fresh:
        home = search.of(pod).preempted()
        if home is not None:
            home.promise_nominated(pod.requests)


def release_for(
    pod: Pod, search: Search, beneficiary: Beneficiary, *, nominee: Pod | None, may_evict: bool = True
) -> Release | None:
    """Release the node where room for a pod costs least and set it aside there; None if no node can hold it."""
    need, prospects = pod.requests, search.of(pod)
    arriving = prospects.arriving()
    if arriving is not None:
        _promise(arriving, need, nominee)
        return _release(arriving, (), beneficiary, nominee)
    offer = prospects.cheapest(may_evict=may_evict)
    return _release_offer(offer, need, search.owners, search.now, beneficiary, Reason.YIELDS, nominee)


def release_for_copies(
    count: int, who: Callable[[int], Beneficiary], kind: Kind, search: Search, *, may_evict: bool = True
) -> Iterator[Release]:
    """Yield the releases that make so many copies of headroom; ends where no node can hold another one."""
    prospects = search.of_kind(kind)
    for copy in range(count):
        arriving = prospects.arriving()
        if arriving is not None:
            arriving.promise(kind.need)
            continue
        offer = prospects.cheapest(may_evict=may_evict)
        if offer is None:
            return
        release = release_at(*offer, kind.need, search.owners, search.now, who(copy), Reason.HEADROOM, nominee=None)
        if release is not None:
            yield release


def release_cheapest(
    need: Resources,
    rooms: list[NodeRoom],
    owners: Owners,
    now: float,
    beneficiary: Beneficiary,
    reason: Reason,
    *,
    nominee: Pod | None,
    may_evict: bool = True,
) -> Release | None:
    """Release the node where `need` costs least and set the room aside there; None if no node can hold it."""
    arriving = min((room for room in rooms if room.fits_soon(need)), key=_by_queue, default=None)
    if arriving is not None:
        _promise(arriving, need, nominee)
        return _release(arriving, (), beneficiary, nominee)
    offer = CheapestNodes(need, rooms, owners, now, may_evict=may_evict).pop()
    return _release_offer(offer, need, owners, now, beneficiary, reason, nominee)


def _release_offer(
    cheapest: Offer | None,
    need: Resources,
    owners: Owners,
    now: float,
    beneficiary: Beneficiary,
    reason: Reason,
    nominee: Pod | None,
) -> Release | None:
    if cheapest is None:
        return None
    return release_at(*cheapest, need, owners, now, beneficiary, reason, nominee=nominee)


def release_at(
    offer: Sacrifice,
    room: NodeRoom,
    need: Resources,
    owners: Owners,
    now: float,
    beneficiary: Beneficiary,
    reason: Reason,
    *,
    nominee: Pod | None,
) -> Release | None:
    """Release what a node offers for `need` and set the room aside there."""
    actions = _actions(offer, room, owners, now, beneficiary, reason)
    _account(offer, room)
    _promise(room, need, nominee)
    return _release(room, actions, beneficiary, nominee)


def _promise(room: NodeRoom, need: Resources, nominee: Pod | None) -> None:
    if nominee is None:
        room.promise(need)
    else:
        room.promise_nominated(need)


def _by_queue(room: NodeRoom) -> tuple[int, str]:
    return room.queue, room.name


def _release(
    room: NodeRoom, actions: tuple[DeletePod | ResizePod, ...], beneficiary: Beneficiary, nominee: Pod | None
) -> Release | None:
    may_nominate = room.policy is not None and room.policy.nominates
    nomination = NominatePod(nominee, room.name) if nominee is not None and may_nominate else None
    if not actions and nomination is None:
        return None
    return Release(room.name, beneficiary, nomination, actions)


def _actions(
    offer: Sacrifice, room: NodeRoom, owners: Owners, now: float, beneficiary: Beneficiary, reason: Reason
) -> tuple[DeletePod | ResizePod, ...]:
    shrinks = [
        ResizePod(pod, owners[pod.owner], sizes, resized(pod, sizes), reason, beneficiary=beneficiary)
        for pod, sizes in offer.shrinks
    ]
    evictions = [eviction(pod, room, owners, now, reason, beneficiary) for pod in offer.victims]
    return (*shrinks, *evictions)


def eviction(
    pod: Pod, room: NodeRoom, owners: Owners, now: float, reason: Reason, beneficiary: Beneficiary | None = None
) -> DeletePod:
    """Return the deletion of a filler with its grace capped by the policy of the node, and by what is waited for."""
    owner = owners[pod.owner]
    grace, lost = min(capped_grace(owner, room.policy), pod.longest_grace), seconds_lost(pod, owners, now)
    return DeletePod(pod, owner, reason, "", beneficiary, grace, lost)


def capped_grace(owner: ParaSetView, policy: PolicyView | None) -> int:
    """Return the seconds a filler has to finish: what its set asks for, at most what the policy allows."""
    return min(owner.grace_seconds, policy.max_grace_seconds) if policy else owner.grace_seconds


def _account(offer: Sacrifice, room: NodeRoom) -> None:
    for pod in offer.victims:
        room.release(pod)
    for pod, sizes in offer.shrinks:
        room.shrink(pod, sizes)
