"""What an administrator allows, as values.

`BUILT_IN_POLICY` holds in a cluster where nobody has applied a FillPolicy; `DEFAULT_POLICY` in a picture without any,
which keeps nothing free.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from paraset_operator.model.announced import DEFAULT_RULES, AnnouncedRules
from paraset_operator.model.constraints import LabelSelector, Toleration
from paraset_operator.model.resources import Resources, nothing

EVERYTHING = LabelSelector()


class Mode(StrEnum):
    """Whether a plan is only published or also carried out."""

    OBSERVE = "Observe"
    AUTO = "Auto"


@dataclass(frozen=True, slots=True)
class AutoCopies:
    """How copies are learned: for which percentage of the LS pods of how many hours, from `floor` to `cap` copies."""

    percentile: float = 99.0
    window_hours: int = 24
    floor: int = 0
    cap: int = 16


@dataclass(frozen=True, slots=True)
class HeadroomShape:
    """Room kept free for LS work: `copies` times `resources`, on nodes that match.

    With `lends_devices` its devices may be held by fillers; only the rest is kept free beside them. With `auto` the
    copies are those learned so far.
    """

    name: str
    resources: Resources
    copies: int
    nodes: LabelSelector = EVERYTHING
    lends_devices: bool = False
    auto: AutoCopies | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """A namespace's weight among namespaces and the most its fillers may hold in sum."""

    namespace: str
    weight: int = 1
    limits: Resources = field(default_factory=nothing)


@dataclass(frozen=True, slots=True)
class PacingRules:
    """Durations in seconds; `storm_percent` is the part of the nodes, in hundredths, beyond which it is a storm."""

    cool_down: float = 60.0
    cool_down_max: float = 600.0
    pending_timeout: float = 30.0
    back_off: float = 10.0
    back_off_max: float = 300.0
    min_run: float = 60.0
    storm_percent: int = 20


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A FillPolicy as the planner sees it; what is never lent of a node: amounts (`reserve`) and hundredths of it.

    `cpu_headroom_percent` hundredths of what fillers could hold of the cores are kept free, over all nodes.
    """

    name: str = "default"
    mode: Mode = Mode.AUTO
    nodes: LabelSelector = EVERYTHING
    ls_priority: int = 0
    reserve: Resources = field(default_factory=nothing)
    reserve_percent: Resources = field(default_factory=nothing)
    headroom: tuple[HeadroomShape, ...] = ()
    cpu_headroom_percent: int = 0
    max_grace_seconds: int = 30
    tolerations: tuple[Toleration, ...] = (Toleration(key="nvidia.com/gpu", operator="Exists"),)
    nominates: bool = True
    ahead_percent: int = 3
    announced: AnnouncedRules = DEFAULT_RULES
    tenants: Mapping[str, Tenant] = field(default_factory=lambda: MappingProxyType({}))
    pacing: PacingRules = PacingRules()

    def reserve_on(self, allocatable: Resources) -> dict[str, int]:
        """Return what is never lent on a node of this size."""
        shares = {name: -(-allocatable.get(name, 0) * part // 100) for name, part in self.reserve_percent.items()}
        return dict(self.reserve) | shares


DEFAULT_POLICY = PolicyView()
# What the operator keeps where nobody has said what LS work needs.
CPU_HEADROOM_PERCENT = 1
BUILT_IN_POLICY = replace(DEFAULT_POLICY, cpu_headroom_percent=CPU_HEADROOM_PERCENT)
