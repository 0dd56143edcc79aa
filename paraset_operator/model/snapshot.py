"""One frozen picture of the cluster; every decision is a function of it."""

from dataclasses import dataclass
from functools import cached_property

from paraset_operator.model.announced import Announcement
from paraset_operator.model.devices import Free
from paraset_operator.model.holdings import Holdings
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.resources import Resources, dominant_share, total_of
from paraset_operator.model.shape import ParaSetView


# No slots: sums over a node's pods are kept, because most nodes do not change from one snapshot to the next.
@dataclass(frozen=True)
class NodeState:
    """A node with the pods that take its room: bound ones, and fillers pinned to it that are still on their way."""

    node: Node
    pods: tuple[Pod, ...] = ()

    @cached_property
    def _holdings(self) -> Holdings:
        return Holdings.of(self.pods, self.node.devices)

    @property
    def held(self) -> dict[str, int]:
        """What all pods hold together."""
        return self._holdings.held

    @property
    def leaving(self) -> dict[str, int]:
        """The part of it that is on its way out."""
        return self._holdings.leaving

    @property
    def fillers(self) -> tuple[Pod, ...]:
        """The pods that a ParaSet controls."""
        return self._holdings.fillers

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of all pods."""
        return self._holdings.namespaces

    @property
    def growing(self) -> tuple[Pod, ...]:
        """The pods, none of them a filler, whose grow in place the kubelet has put off."""
        return self._holdings.growing

    @property
    def left(self) -> dict[str, Free]:
        """What all pods leave of each device, by resource."""
        return self._holdings.left

    @cached_property
    def preempted(self) -> dict[str, int]:
        """The part of it that the scheduler has made leave: it has an LS pod in mind for that room."""
        return total_of(pod.held for pod in self.pods if pod.is_terminating and pod.is_preempted)

    @cached_property
    def is_overcommitted(self) -> bool:
        """Whether fillers stay here although all pods together hold more than there is."""
        there, held = self.node.allocatable, self.held
        if all(amount <= there.get(name, 0) for name, amount in held.items()):
            return False
        return any(not pod.is_ending for pod in self.fillers)

    def shares(self, whole: Resources) -> dict[str, float]:
        """Return the dominant share of `whole` that each filler asks for, by uid; kept for the last one asked for."""
        kept: tuple[Resources, dict[str, float]] | None = self.__dict__.get("_shares")
        if kept is None or (kept[0] is not whole and kept[0] != whole):
            kept = (whole, {pod.uid: dominant_share(pod.requests, whole) for pod in self.fillers})
            self.__dict__["_shares"] = kept
        return kept[1]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Nodes by name, ParaSets by key, policies by name, each in that order; `waiting` are pods without a node.

    A pod waits if it is bound nowhere, or is a filler whose node does not exist. `fresh` are the uids of LS pods seen
    so short a while ago that the scheduler may still be at its first attempt, in which it preempts by itself.
    `answered` are those of LS pods that a filler was evicted for already.
    `announced` are LS pods that do not exist yet.
    """

    nodes: tuple[NodeState, ...] = ()
    waiting: tuple[Pod, ...] = ()
    sets: tuple[ParaSetView, ...] = ()
    policies: tuple[PolicyView, ...] = ()
    fresh: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()
    announced: tuple[Announcement, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """The clocks of one plan: `monotonic` for waits, `wall` (since the epoch) for the age of pods, only an order."""

    monotonic: float = 0.0
    wall: float = 0.0
