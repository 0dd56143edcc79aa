"""Decisions as values: what to do, on which object, and why."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import msgspec

from paraset_operator.model.constraints import Toleration
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, named, nothing
from paraset_operator.model.shape import ParaSetView


class Reason(StrEnum):
    """Why an action is taken."""

    FILLS = "FillsFreeRoom"
    GROWS = "GrowsIntoFreeRoom"
    SHRINKS = "ShrinksIntoRoom"
    YIELDS = "YieldsToLatencySensitive"
    HEADROOM = "MakesHeadroom"
    ANNOUNCED = "MakesRoomForAnnounced"
    REVERTS = "RevertsRefusedResize"
    SUSPENDED = "Suspended"
    ABOVE_CEILING = "AboveCeiling"
    NODE = "NodeNotUsable"
    OUTDATED = "TemplateOutdated"
    SHAPE_GONE = "ShapeGone"
    STAYS_PENDING = "StaysPending"
    FINISHED = "Finished"
    FAILING = "Failing"
    FAIR_SHARE = "FairShare"
    OVER_LIMIT = "TenantLimit"
    NO_ROOM = "NoRoomLeft"


class Limit(StrEnum):
    """Why a set holds no more than it does, or a node's free room stays empty."""

    CEILING = "Ceiling"
    SUSPENDED = "Suspended"
    NO_ROOM = "NoRoom"
    NO_NODE = "NoNodeSelected"
    TOO_LARGE = "NoNodeCanHold"
    COOL_DOWN = "CoolDown"
    CRASHING = "CrashLooping"
    PULLING = "ImagePullFailing"
    PENDING = "StaysPending"
    QUOTA = "QuotaExceeded"
    TEMPLATE = "TemplateRefused"
    TENANT = "TenantLimit"
    RATE = "Behavior"
    STORM = "NodesNotReady"


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """The LS pod, the headroom shape, or the announcement of a `source`, that room is made for; only a pod has a uid.

    `nominated` is where the pod was nominated when that was decided.
    """

    key: str
    uid: str = ""
    nominated: str = ""
    source: str = ""


# A plan may have a hundred thousand of them: a tenth of the cost of a dataclass.
class CreatePod(msgspec.Struct, frozen=True, gc=False):
    """Make a filler of `sizes`, its elastic resources; it holds `requests` in all. `after` names what must go first."""

    owner: ParaSetView
    shape: str
    index: int
    node: str
    sizes: Resources
    requests: Resources
    tolerations: tuple[Toleration, ...] = ()
    grace_seconds: int = 10
    reason: Reason = Reason.FILLS
    detail: str = ""
    after: tuple[str, ...] = ()

    @property
    def pod(self) -> str:
        """The filler's name: bounded by the ceiling, so that no number of repeated creates exceeds it."""
        return f"{self.owner.name}-{self.index}"


@dataclass(frozen=True, slots=True)
class ResizePod:
    """Resize a filler in place to `sizes` of its elastic resources; `requests` is all it will hold."""

    pod: Pod
    owner: ParaSetView
    sizes: Resources
    requests: Resources
    reason: Reason
    detail: str = ""
    beneficiary: Beneficiary | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeletePod:
    """Delete a filler, with its uid as precondition."""

    pod: Pod
    owner: ParaSetView
    reason: Reason
    detail: str = ""
    beneficiary: Beneficiary | None = None
    grace_seconds: int = 10
    lost_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Notice:
    """Tell a filler by annotation that it will be moved at `leaving_at` (since the epoch), or, at 0, that it stays."""

    pod: Pod
    owner: ParaSetView
    reason: Reason
    detail: str = ""
    leaving_at: float = 0.0


@dataclass(frozen=True, slots=True)
class NominatePod:
    """Tell the scheduler that room for an LS pod comes free on a node."""

    pod: Pod
    node: str


Action: TypeAlias = DeletePod | ResizePod | CreatePod


@dataclass(frozen=True, slots=True)
class Release:
    """Room made for one LS pod: the nomination, then what shrinks or leaves for it."""

    node: str
    beneficiary: Beneficiary
    nomination: NominatePod | None
    actions: tuple[DeletePod | ResizePod, ...]


# One a node: as cheap as a filler to be made.
class NodeReport(msgspec.Struct, frozen=True, gc=False):
    """What is left free on a node for fillers after the plan, what fillers hold, and what keeps the rest empty.

    Amounts are in the order of `columns`, and are named when somebody asks. Columns of zeros say nothing.
    """

    name: str
    columns: tuple[str, ...] = ()
    left: tuple[int, ...] = ()
    held: tuple[int, ...] = ()
    bound_by: str = ""

    @property
    def free(self) -> dict[str, int]:
        """What is left free; below zero where more is held than there is."""
        return named(self.columns, self.left)

    @property
    def filled(self) -> dict[str, int]:
        """What fillers hold."""
        return named(self.columns, self.held)

    def _said(self) -> tuple[object, ...]:
        return self.name, self.free, self.filled, self.bound_by

    def __repr__(self) -> str:
        return f"NodeReport{self._said()}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NodeReport) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class LimitReport:
    """One reason why a set holds no more.

    If it ends by itself, `waits` say when, by the monotonic clock: on which node, or "" for the whole set.
    """

    reason: Limit
    message: str
    waits: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class SetReport:
    """What a set holds once the plan is carried out."""

    owner: ParaSetView
    replicas: int = 0
    shapes: tuple[tuple[str, int], ...] = ()
    resources: Resources = field(default_factory=nothing)
    nodes: int = 0
    limited_by: tuple[LimitReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Storm:
    """So many of a policy's nodes are NotReady, or were a moment ago, that nothing new is begun on any of them."""

    policy: str
    not_ready: int
    nodes: int

    @property
    def message(self) -> str:
        """What there is to say."""
        return f"{self.not_ready} of {self.nodes} nodes of policy {self.policy} are NotReady or were within a minute"


@dataclass(frozen=True, slots=True)
class Plan:
    """Releases first, then departures and shrinks, then creates and growth, each in the order to carry them out.

    `notices` make no room and take none: they precede a departure that can wait for them. `filled` and `idle` are what
    fillers hold of all nodes, and what they could hold and don't.
    """

    releases: tuple[Release, ...] = ()
    actions: tuple[Action, ...] = ()
    notices: tuple[Notice, ...] = ()
    nodes: tuple[NodeReport, ...] = ()
    filled: Resources = field(default_factory=nothing)
    idle: Resources = field(default_factory=nothing)
    sets: tuple[SetReport, ...] = ()
    usable: Resources = field(default_factory=dict)
    next_check: float | None = None
    storms: tuple[Storm, ...] = ()
