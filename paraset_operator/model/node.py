"""A node as the planner sees it."""

from dataclasses import dataclass, field
from types import MappingProxyType

from paraset_operator.model.devices import Free
from paraset_operator.model.resources import Resources, nothing


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint of a node."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


@dataclass(frozen=True, slots=True)
class Node:
    """A node: what it offers and whether work may go there.

    `trouble` is empty, or why no filler may stay: Cordoned, NotReady, MemoryPressure, DiskPressure, PIDPressure.
    `devices` is the size of each device by the resource of which pods take parts; without it devices are counted.
    """

    name: str
    allocatable: Resources = field(default_factory=nothing)
    labels: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    taints: tuple[Taint, ...] = ()
    trouble: str = ""
    is_cordoned: bool = False
    devices: MappingProxyType[str, Free] = field(default_factory=lambda: MappingProxyType({}))
