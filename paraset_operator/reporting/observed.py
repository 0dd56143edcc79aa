"""What is seen of one set: its fillers, counted. The other half of a status is the plan."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, nothing, total_of
from paraset_operator.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Observed:
    """The fillers of a set that are not on their way out, and how many are."""

    replicas: int = 0
    ready: int = 0
    leaving: int = 0
    nodes: int = 0
    resources: Resources = field(default_factory=nothing)
    by_shape: tuple[tuple[str, int, int], ...] = ()
    is_resizing: bool = False


NONE_SEEN = Observed()


def observed_by_owner(snapshot: Snapshot) -> dict[str, Observed]:
    """Return what is seen of each set, by uid: a pass over all pods, so better not in the event loop."""
    by_owner: dict[str, list[Pod]] = defaultdict(list)
    for pod in (*snapshot.waiting, *(pod for state in snapshot.nodes for pod in state.pods)):
        if pod.owner:
            by_owner[pod.owner].append(pod)
    return {owner: observe(pods) for owner, pods in by_owner.items()}


def observe(pods: Iterable[Pod]) -> Observed:
    """Return the counts of the fillers of one set."""
    every = [pod for pod in pods if not pod.is_finished]
    stay = [pod for pod in every if not pod.is_terminating]
    shapes, ready = Counter(pod.shape for pod in stay), Counter(pod.shape for pod in stay if pod.is_ready)
    return Observed(
        replicas=len(stay),
        ready=sum(ready.values()),
        leaving=len(every) - len(stay),
        nodes=len({pod.node for pod in stay if pod.node}),
        resources=total_of(pod.requests for pod in stay),
        by_shape=tuple((name, shapes[name], ready[name]) for name in sorted(shapes)),
        is_resizing=any(pod.held != pod.requests for pod in stay),
    )
