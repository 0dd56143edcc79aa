"""How much idle GPU no LS pod can use: the fragmentation measure of FGD (Weng et al., USENIX ATC'23, eq. 1-6).

Devices are counted per node here, so a node's idle GPUs are either all usable by a task that fits or, if it does not
fit or asks for no GPU, all fragment. The target workload is the mix of LS pods seen, fillers left out on both sides.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY
from paraset_operator.model.resources import Resources, devices_of, fits
from paraset_operator.model.snapshot import Snapshot

# More classes than this change the measure by less than it is read to.
_MOST_CLASSES = 64


@dataclass(frozen=True, slots=True)
class Workload:
    """Task classes, each with its popularity; these sum up to 1."""

    classes: tuple[tuple[Resources, float], ...] = ()


def workload_of(pods: Iterable[Pod], ls_priority: int) -> Workload:
    """Return the mix of the LS pods among `pods`: the commonest requests and how common each is."""
    counts: Counter[tuple[tuple[str, int], ...]] = Counter(
        tuple(sorted(pod.requests.items())) for pod in pods if not pod.is_filler and pod.priority >= ls_priority
    )
    common = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:_MOST_CLASSES]
    total = sum(count for _, count in common)
    return Workload(tuple((dict(requests), count / total) for requests, count in common))


def observed_workload(snapshot: Snapshot) -> Workload:
    """Return the mix of all LS pods of a picture, bound or not; LS is who has the lowest priority any policy names."""
    threshold = min(policy.ls_priority for policy in snapshot.policies or (DEFAULT_POLICY,))
    bound = (pod for state in snapshot.nodes for pod in state.pods)
    return workload_of((*bound, *snapshot.waiting), threshold)


def fragment(room: Resources, workload: Workload) -> dict[str, float]:
    """Return F_n(M) for each device resource of a node with this room: the idle devices that are fragment, expected."""
    return {
        name: amount * sum(share for need, share in workload.classes if not _serves(room, need, name))
        for name, amount in devices_of(room).items()
    }


def rate_of(room: Resources, workload: Workload) -> float:
    """Return f_n(M), the fragment part of a node's idle devices; 1 where nothing is idle or no LS work is known."""
    idle = sum(devices_of(room).values())
    if not idle or not workload.classes:
        return 1.0
    return sum(fragment(room, workload).values()) / idle


def cluster_fragmentation(rooms: Iterable[Resources], workload: Workload) -> Mapping[str, Mapping[str, float]]:
    """Return, per device resource, how many are idle, how many of those are fragment, and the rate f_N(M)."""
    idle: dict[str, float] = {}
    lost: dict[str, float] = {}
    for room in rooms:
        for name, amount in devices_of(room).items():
            idle[name] = idle.get(name, 0) + amount
        for name, expected in fragment(room, workload).items():
            lost[name] = lost.get(name, 0) + expected
    return {
        name: {"idle": idle[name], "fragment": round(lost[name], 6), "rate": round(lost[name] / idle[name], 6)}
        for name in sorted(idle)
    }


def _serves(room: Resources, need: Resources, device: str) -> bool:
    return need.get(device, 0) > 0 and fits(need, room)
