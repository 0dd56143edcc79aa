"""A pod as the planner sees it: what it holds, where, and whether it is a filler."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from paraset_operator.model.constraints import UNCONSTRAINED, Constraints
from paraset_operator.model.devices import DeviceShare
from paraset_operator.model.resources import NOTHING, Resources, minus, nothing


class Resize(StrEnum):
    """The state of an in-place resize, by the pod's conditions."""

    NONE = ""
    DEFERRED = "Deferred"
    INFEASIBLE = "Infeasible"
    IN_PROGRESS = "InProgress"
    ERROR = "Error"


Likeness: TypeAlias = tuple[int, Constraints, tuple[tuple[str, int], ...]]
_UNDER_WAY = (Resize.NONE, Resize.IN_PROGRESS)
# The longest grace, in seconds, of a pod whose room is waited for: what pods have that ask for nothing else. To evict a
# filler is sooner done than to wait for longer.
WAITED_FOR = 30


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that still counts: Succeeded and Failed ones are here only if they are fillers, and hold nothing.

    `held` is max(spec, allocated, actual) requests with init containers, overhead and the pod slot; `requests` is what
    the spec asks for, which differs while a resize runs. Only fillers have an `owner`, the uid of the ParaSet that
    controls them, a `target`, the node they are pinned to, and `sizes`, the requests of the container that a shape
    sets, with `allocated`, what the kubelet granted it. `created` and `started` are seconds since the epoch by the API
    server's clock, 0 if not yet: good for order, never for safety. `on_devices` is what it holds on which device, where
    somebody keeps that book. `checkpointed` (since the epoch, 0: not said) and `progress` (0 to 1) are the worker's own
    word, by annotations; `misread` names those that can't be read. `wanting` is what a grow that the kubelet has put
    off would add to a pod that is no filler; `held` counts it, because the scheduler does. `leaving_at` is when a
    filler was told that it will be moved, 0 if it was not. `controller` is what made a pod other than a filler, such as
    "ReplicaSet/web-7d9f"; a pod that is gated by Kueue `is_queued`. One that `is_preempted` leaves by kube-scheduler's
    own decision; it takes every one that `is_marked` for that, and lets pods that are nominated there wait for it.
    `grace_seconds` is what a terminating pod was given when it was told, `usual_grace_seconds` what its spec asks for.
    """

    namespace: str
    name: str
    uid: str
    priority: int = 0
    node: str = ""
    target: str = ""
    nominated: str = ""
    held: Resources = field(default_factory=nothing)
    requests: Resources = field(default_factory=nothing)
    constraints: Constraints = UNCONSTRAINED
    owner: str = ""
    shape: str = ""
    index: int = -1
    template_hash: str = ""
    sizes: Resources = field(default_factory=nothing)
    allocated: Resources = field(default_factory=nothing)
    is_terminating: bool = False
    grace_seconds: int = 0
    usual_grace_seconds: int = 0
    is_finished: bool = False
    is_gated: bool = False
    is_queued: bool = False
    is_ready: bool = False
    is_running: bool = False
    is_preempted: bool = False
    is_marked: bool = False
    may_preempt: bool = True
    resize: Resize = Resize.NONE
    trouble: str = ""
    created: float = 0.0
    started: float = 0.0
    revision: str = ""
    on_devices: tuple[DeviceShare, ...] = ()
    checkpointed: float = 0.0
    progress: float = 0.0
    misread: tuple[str, ...] = ()
    wanting: Resources = field(default_factory=nothing)
    leaving_at: float = 0.0
    controller: str = ""

    @property
    def is_ending(self) -> bool:
        """Whether it is on its way out or has finished: it does not run on."""
        return self.is_terminating or self.is_finished

    @property
    def likeness(self) -> Likeness:
        """What pods have in common that can take each other's room."""
        return self.priority, self.constraints, tuple(sorted(self.requests.items()))

    @property
    def key(self) -> str:
        """Namespace and name, as people write them."""
        return f"{self.namespace}/{self.name}"

    @property
    def place(self) -> str:
        """The node whose room the pod takes: where it is bound, or, for a filler on its way, where it is pinned."""
        return self.node or self.target

    @property
    def leaves_soon(self) -> bool:
        """Whether the pod is on its way out and worth waiting for: whom the scheduler preempts it waits for, too."""
        return self.is_terminating and (self.is_preempted or self.grace_seconds <= self.longest_grace)

    @property
    def longest_grace(self) -> int:
        """The longest grace of this pod, in seconds, that is waited for: a filler's spec asks for what is allowed."""
        return max(WAITED_FOR, self.usual_grace_seconds) if self.is_filler else WAITED_FOR

    @property
    def leaving(self) -> Resources:
        """The part of what the pod holds that is on its way out: all of it, or what a shrink under way gives back."""
        if self.leaves_soon:
            return self.held
        if self.held is not self.requests and self.held != self.requests and self.resize in _UNDER_WAY:
            return minus(self.held, self.requests)
        return NOTHING

    @property
    def is_filler(self) -> bool:
        """Whether a ParaSet controls the pod."""
        return bool(self.owner)


def is_newly_preempted(before: Pod | None, after: Pod) -> bool:
    """Say whether a filler has just begun to leave because kube-scheduler preempts it."""
    return after.is_filler and after.is_terminating and after.is_preempted and not (before and before.is_terminating)
