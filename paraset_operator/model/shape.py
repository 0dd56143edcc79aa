"""Shapes and the sets that own them, translated once from the API objects."""

from dataclasses import dataclass, field
from functools import cached_property

from paraset_operator.model.constraints import UNCONSTRAINED, Constraints
from paraset_operator.model.quantity import PODS
from paraset_operator.model.rates import DEFAULT_BUDGET, UNLIMITED, DisruptionBudget, ScaleRules
from paraset_operator.model.resources import Resources, devices_of, largest_of, nothing, plus


@dataclass(frozen=True, slots=True)
class Elastic:
    """A resource that is resized in place; `growth_value` is the extra worth at `maximum`, linear between.

    One that does not shrink is given back by eviction alone; it does not grow either (`maximum` is `minimum`), and a
    filler that holds more of it all the same keeps it.
    """

    resource: str
    minimum: int
    maximum: int
    growth_value: float
    shrinks: bool = True


# No slots: what every instance is compared with is kept.
@dataclass(frozen=True)
class Shape:
    """One way to run an instance.

    `overhead` is what the pod holds beside the shape's container; `initial` what its init containers ask for at once.
    """

    name: str
    fixed: Resources = field(default_factory=nothing)
    elastic: tuple[Elastic, ...] = ()
    value: float = 1.0
    overhead: Resources = field(default_factory=nothing)
    initial: Resources = field(default_factory=nothing)
    template_hash: str = ""

    @cached_property
    def smallest(self) -> dict[str, int]:
        """What a pod of this shape holds at its smallest, with overhead and its pod slot."""
        return self.at({})

    def at(self, sizes: Resources) -> dict[str, int]:
        """Return what a pod holds with its elastic resources at `sizes`; those not named are at their minimum."""
        running = plus(self.container_requests(sizes), self.overhead)
        return plus(largest_of(running, self.initial), {PODS: 1})

    def container_requests(self, sizes: Resources) -> dict[str, int]:
        """Return the requests of the shape's own container at `sizes`."""
        return dict(self.fixed) | {each.resource: sizes.get(each.resource, each.minimum) for each in self.elastic}

    @cached_property
    def has_devices(self) -> bool:
        """Whether an instance takes extended resources."""
        return bool(devices_of(self.fixed))


@dataclass(frozen=True, slots=True)
class ParaSetView:
    """A ParaSet as the planner sees it. `budgets` are those in force; `fault` says why nothing can be made of it.

    Of one that `is_unreadable` little more is known than whose fillers are its own: they stay as they are until they
    end or LS work needs their room.
    """

    namespace: str
    name: str
    uid: str
    generation: int = 1
    ceiling: int = 1
    floor: int = 0
    weight: int = 1
    is_suspended: bool = False
    shapes: tuple[Shape, ...] = ()
    constraints: Constraints = UNCONSTRAINED
    grace_seconds: int = 10
    checkpoint_seconds: int = 0
    notice_seconds: int = 0
    scale_up: ScaleRules = UNLIMITED
    scale_down: ScaleRules = UNLIMITED
    budgets: tuple[DisruptionBudget, ...] = (DEFAULT_BUDGET,)
    fault: str = ""
    is_unreadable: bool = False

    @property
    def key(self) -> str:
        """Namespace and name, as people write them."""
        return f"{self.namespace}/{self.name}"

    def shape(self, name: str) -> Shape | None:
        """Return the shape of that name, or None when the set no longer lists it."""
        return next((shape for shape in self.shapes if shape.name == name), None)
