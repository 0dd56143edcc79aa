"""How fragmented the idle GPUs are, and how much of the fragments fillers hold, from what was watched.

The room and who holds it are counted by the observer as everything else here. Only the measure itself, FGD's, is the
operator's code (`paraset_operator.planning.fragmentation`): it is a published formula with a worked example among its
tests, and decides nothing in the demo.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from demo.fitting import asked, room_beside_ls
from demo.measure import serves
from demo.objects import GPU, Node
from demo.state import ClusterState, gpus
from paraset_operator.planning.fragmentation import Workload, rates, rooms_of


@dataclass(frozen=True, slots=True)
class Fragments:
    """GPUs no LS pod holds, on nodes that serve, and how many of them are fragment, without and with the fillers there.

    A node's fragments are filled in proportion to its idle GPUs. Without a LS pod to measure by all is fragment.
    """

    idle_before: int
    idle_after: int
    fragment_before: float
    fragment_after: float

    @property
    def filled_share(self) -> float:
        """The part of the fragments that fillers hold; 1 if there are none."""
        return 1 - self.fragment_after / self.fragment_before if self.fragment_before else 1.0


def fragments(state: ClusterState) -> Fragments:
    """Return how fragmented the cluster is without its fillers, and what these have made of it."""
    nodes = [node for node in state.nodes.values() if serves(node)]
    rooms = [room_beside_ls(state, node) for node in nodes]
    idle = [max(0, room.get(GPU, 0)) for room in rooms]
    left = [max(0, count - _filled(state, node)) for count, node in zip(idle, nodes, strict=True)]
    rate = [float(each) for each in rates(rooms_of(rooms), _workload(state))]
    return Fragments(
        idle_before=sum(idle),
        idle_after=sum(left),
        fragment_before=sum(part * count for part, count in zip(rate, idle, strict=True)),
        fragment_after=sum(part * count for part, count in zip(rate, left, strict=True)),
    )


def _filled(state: ClusterState, node: Node) -> int:
    return gpus(pod for pod in state.on_node[node.name].values() if pod.is_filler and not pod.terminating)


def _workload(state: ClusterState) -> Workload:
    """The LS pods seen, bound or not, each as likely to come again as any other."""
    pods = [pod for pod in state.pods.values() if pod.is_ls and not pod.is_filler and not pod.finished]
    counts = Counter(tuple(sorted(asked(pod).items())) for pod in pods)
    return Workload(tuple((dict(need), count / len(pods)) for need, count in sorted(counts.items())))
