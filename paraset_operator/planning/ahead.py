"""Room ahead of a burst: while LS pods wait, a little more is made than they ask for.

A burst seldom ends with the pod just seen, and the scheduler lets pods take each other's places, so that some have to
wait for a second victim. Three places more for every hundred that wait (the policy's aheadPercent) serve both; a few
pods cost nothing more than they need. Places that are on their way and nobody's yet count.
"""

from collections.abc import Iterable, Iterator

from paraset_operator.model.plan import Beneficiary, Release
from paraset_operator.model.pod import Pod
from paraset_operator.planning.demand import queue_of
from paraset_operator.planning.prospects import Search
from paraset_operator.planning.yielding import release_for


def make_ahead(waiting: Iterable[Pod], served: set[str], search: Search) -> Iterator[Release]:
    """Yield the releases for pods still to come; `served` are the uids of pods that can be bound at once."""
    groups: dict[tuple[object, ...], list[Pod]] = {}
    for pod in queue_of(waiting):
        if pod.constraints.is_judgeable and pod.uid not in served:
            groups.setdefault((pod.priority, *sorted(pod.requests.items())), []).append(pod)
    for pods in groups.values():
        beneficiary = Beneficiary(f"more LS pods such as {pods[0].key}")
        for _ in range(search.of(pods[0]).ahead(len(pods))):
            release = release_for(pods[0], search, beneficiary, nominee=None)
            if release is not None:
                yield release
