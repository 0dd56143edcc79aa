"""One frozen picture of the cluster; every decision is a function of it."""

from dataclasses import dataclass

from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.shape import ParaSetView


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node with the pods that take its room: bound ones, and fillers pinned to it that are still on their way."""

    node: Node
    pods: tuple[Pod, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Nodes by name, ParaSets by key, policies by name, each in that order; `waiting` are pods without a node.

    A pod waits if it is bound nowhere, or is a filler whose node does not exist.
    """

    nodes: tuple[NodeState, ...] = ()
    waiting: tuple[Pod, ...] = ()
    sets: tuple[ParaSetView, ...] = ()
    policies: tuple[PolicyView, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """The clocks of one plan: `monotonic` for waits, `wall` (since the epoch) for the age of pods, only an order."""

    monotonic: float = 0.0
    wall: float = 0.0
