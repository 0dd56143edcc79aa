"""ParaSet: what a tenant applies. Best-effort work in one or more shapes, up to a ceiling.

Invariants: every rule the API server can check stands beside its CEL; a parsed spec has at least one shape, and every
filler made from it is of QoS class Burstable or Guaranteed, so that it can be resized in place.
"""

import re
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from paraset_operator.api.base import Keys, ListMap, Model, Quantity, Rule, cel_is_quantity
from paraset_operator.api.names import MAX_REPLICAS, MAX_SET_NAME, MAX_SHAPES
from paraset_operator.api.scaling import Behavior, Budget
from paraset_operator.api.status import ParaSetStatus
from paraset_operator.api.template import KeptRaw
from paraset_operator.model.quantity import parse_quantity

ELASTIC = ("cpu", "memory")
_BYTES = ("cpu", "memory", "ephemeral-storage")
_QUALIFIED = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
_DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_DIGITS = r"^[1-9][0-9]{0,8}$"


def _is_positive(value: int | str) -> bool:
    return parse_quantity("cpu", value) > 0


class ElasticRange(Model):
    """From how little to how much of one resource a filler may hold; changed in place while it runs."""

    min: Quantity = Field(description="The least a filler holds; more than 0.")
    max: Quantity = Field(description="The most a filler holds; at least min.")
    growth_value: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="Extra worth of an instance at max, linear from min. Left out: for cpu half of value in a shape "
        "with devices, else value x (max - min) / min; for memory 0.",
    )
    shrinks: bool = Field(
        False,
        description="For memory: true says that the program gives memory back when its limit is lowered while it runs. "
        "Only then does memory grow beyond min, since LS work could not have it back without an eviction. cpu always "
        "shrinks.",
    )
    rules = (
        Rule(
            f"!({cel_is_quantity('self.min')}) || quantity(string(self.min)).isGreaterThan(quantity('0'))",
            lambda it: _is_positive(it.min),
            "must be more than 0: a filler without requests can't be resized",
            "min",
        ),
        Rule(
            f"!({cel_is_quantity('self.min')}) || !({cel_is_quantity('self.max')})"
            " || !quantity(string(self.min)).isGreaterThan(quantity(string(self.max)))",
            lambda it: parse_quantity("cpu", it.min) <= parse_quantity("cpu", it.max),
            "must be at least min: raise max or lower min",
            "max",
        ),
    )


class EnvVar(Model):
    """An environment variable of the shape's container."""

    name: str = Field(
        min_length=1, max_length=253, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", description="Name of the variable."
    )
    value: str = Field("", max_length=4096, description="Value of the variable.")


def _only_known(fixed: dict[str, Any]) -> bool:
    return all(key in _BYTES or re.fullmatch(_QUALIFIED, key) for key in fixed)


def _all_positive(fixed: dict[str, Any]) -> bool:
    return all(_is_positive(value) for value in fixed.values())


def _whole_devices(fixed: dict[str, Any]) -> bool:
    return all(key in _BYTES or re.fullmatch(_DIGITS, str(value)) for key, value in fixed.items())


FIXED_RULES = Keys(
    (
        Rule(
            f"self.all(k, k in {list(_BYTES)} || k.matches('{_QUALIFIED}'))",
            _only_known,
            "has a key that is no resource: use cpu, memory, ephemeral-storage or a device such as nvidia.com/gpu",
        ),
        Rule(
            f"self.all(k, !({cel_is_quantity('self[k]')}) || quantity(string(self[k])).isGreaterThan(quantity('0')))",
            _all_positive,
            "every amount must be more than 0: leave the resource out instead",
        ),
        Rule(
            f"self.all(k, k in {list(_BYTES)} || string(self[k]).matches('{_DIGITS}'))",
            _whole_devices,
            "devices are counted in whole numbers, such as nvidia.com/gpu: 1",
        ),
    )
)
ELASTIC_RULES = Keys(
    (
        Rule(
            f"self.all(k, k in {list(ELASTIC)})",
            lambda elastic: set(elastic) <= set(ELASTIC),
            "only cpu and memory can be resized in place: name every other resource in fixed",
        ),
    )
)


class Shape(Model):
    """One way to run an instance: devices that are fixed, cpu and memory that follow the room."""

    name: str = Field(
        min_length=1,
        max_length=63,
        pattern=_DNS_LABEL,
        description="Name of the shape, unique in the set; the label paraset.io/shape of its fillers.",
    )
    fixed: Annotated[dict[str, Quantity], FIXED_RULES] | None = Field(
        None,
        max_length=16,
        description="Amounts that never change while a filler runs, such as nvidia.com/gpu: 1. Devices are requested "
        "and limited to that number.",
    )
    elastic: Annotated[dict[str, ElasticRange], ELASTIC_RULES] | None = Field(
        None,
        max_length=8,
        description="cpu and memory that grow and shrink in place with the room on the node. Memory is limited to what "
        "is requested; cpu is not limited.",
    )
    value: float = Field(
        1,
        ge=0,
        le=1_000_000,
        description="Worth of one instance at its smallest, more than 0. Ranks the shapes of this set alone.",
    )
    env: Annotated[list[EnvVar], ListMap("name")] | None = Field(
        None, max_length=64, description="Environment of the shape's container beside the template's, as DEVICE: cuda."
    )
    rules = (
        # Not by minimum: the API server compares the integer 0 with a minimum below 1 as integers, and takes it.
        Rule("self.value > 0.0", lambda shape: shape.value > 0, "must be more than 0", "value"),
        Rule(
            "(has(self.fixed) && ('cpu' in self.fixed || 'memory' in self.fixed))"
            " || (has(self.elastic) && ('cpu' in self.elastic || 'memory' in self.elastic))",
            lambda shape: bool({*(shape.fixed or ()), *(shape.elastic or ())} & set(ELASTIC)),
            "must name cpu or memory, in fixed or in elastic: a filler without can't be resized",
        ),
        Rule(
            "!has(self.fixed) || !has(self.elastic) || self.elastic.all(k, !(k in self.fixed))",
            lambda shape: not set(shape.fixed or ()) & set(shape.elastic or ()),
            "names a resource in fixed and in elastic: keep one of them",
        ),
    )

    @property
    def resources(self) -> frozenset[str]:
        """The resources the shape sets on its container."""
        return frozenset(self.fixed or ()) | frozenset(self.elastic or ())


class YieldRules(Model):
    """How a filler leaves."""

    grace_period_seconds: int = Field(
        10,
        ge=0,
        le=300,
        description="Seconds a filler has to finish after SIGTERM; the policy's maxGracePeriodSeconds caps it.",
    )
    checkpoint_interval_seconds: int | None = Field(
        None,
        ge=1,
        le=604_800,
        description="How often the work saves its state: at most so much of it is lost with a filler. Left out: "
        "everything since the start.",
    )
    notice_seconds: int = Field(
        10,
        ge=0,
        le=3600,
        description="Seconds between the notice of a planned move (a drained node, a changed template), by the "
        "annotation paraset.io/leaving-at on the pod, and the move. LS work gives none.",
    )


def _containers(spec: Any) -> list[dict[str, Any]]:
    return list(spec.template["spec"]["containers"])


def _names_a_container(spec: Any) -> bool:
    return spec.container is None or spec.container in {each["name"] for each in _containers(spec)}


def _leaves_to_shapes(spec: Any, part: str) -> bool:
    wanted = spec.container or _containers(spec)[0]["name"]
    target = next((each for each in _containers(spec) if each["name"] == wanted), {})
    named = set((target.get("resources") or {}).get(part) or ())
    return not any(named & shape.resources for shape in spec.shapes)


_TARGET = (
    "self.template.spec.containers.all(c, !has(c.resources)"
    " || c.name != (has(self.container) ? self.container : self.template.spec.containers[0].name)"
)


def _untouched(part: str) -> str:
    """CEL: the shape's container names in `part` no resource that a shape sets."""
    return (
        f"{_TARGET} || !has(c.resources.{part}) || c.resources.{part}.all(r, self.shapes.all(s,"
        " (!has(s.fixed) || !(r in s.fixed)) && (!has(s.elastic) || !(r in s.elastic)))))"
    )


class ParaSetSpec(Model):
    """What runs, in which shapes, and how many at most."""

    replicas: int = Field(
        1,
        ge=0,
        le=MAX_REPLICAS,
        description="Most fillers there may be; kubectl scale and a HorizontalPodAutoscaler write it, ParaSet never.",
    )
    min_replicas: int = Field(
        0,
        ge=0,
        le=MAX_REPLICAS,
        description="Fillers that are served before other sets get any; not guaranteed. More than replicas counts as "
        "replicas.",
    )
    weight: int = Field(1, ge=1, le=1000, description="Share of the set among the sets of its namespace, 1 to 1000.")
    suspend: bool = Field(False, description="true: all fillers leave and none is started.")
    container: str | None = Field(
        None,
        min_length=1,
        max_length=63,
        description="Container of the template whose resources the shape sets. Left out: the first.",
    )
    shapes: Annotated[list[Shape], ListMap("name")] = Field(
        min_length=1,
        max_length=MAX_SHAPES,
        description="Ways to run one instance, 1 to 64. ParaSet chooses for every node the shapes, their number and "
        "their size that are worth most in the room that is free.",
    )
    yield_: YieldRules = Field(YieldRules(), alias="yield", description="How a filler leaves.")
    behavior: Behavior | None = Field(
        None, description="How fast the number of fillers may change, as in a HorizontalPodAutoscaler."
    )
    budgets: list[Budget] | None = Field(
        None,
        max_length=32,
        description="How many fillers may be disrupted at once for anything but LS work; the strictest wins.",
    )
    template: Annotated[dict[str, Any], KeptRaw()] = Field(
        description="The pod a filler is made from, as in a Deployment. Resources of the shape's container, node, "
        "scheduler, priority and grace period are set by ParaSet.",
    )
    rules = (
        Rule(
            "!has(self.container) || self.template.spec.containers.exists(c, c.name == self.container)",
            _names_a_container,
            "must be the name of one of template.spec.containers",
            "container",
        ),
        *(
            Rule(
                _untouched(part),
                partial(_leaves_to_shapes, part=part),
                f"the shape's container must not set {part} that a shape sets: remove them from its resources.{part}",
                "template",
            )
            for part in ("requests", "limits")
        ),
    )


class ObjectMeta(Model):
    """The part of an object's metadata that is read."""

    name: str = Field("", description="Name of the object.")
    namespace: str = Field("", description="Namespace of the object.")
    uid: str = Field("", description="Identity of the object.")
    generation: int = Field(0, description="Counts the changes of spec.")
    resource_version: str = Field("", description="Version of the object.")
    creation_timestamp: str | None = Field(None, description="When the object was created.")
    deletion_timestamp: str | None = Field(None, description="When the object was asked to go.")


class SetMeta(ObjectMeta):
    """Metadata of a ParaSet: its name is part of the names of its fillers."""

    name: str = Field(
        min_length=1,
        max_length=MAX_SET_NAME,
        pattern=_DNS_LABEL,
        description="Name of the set; a filler is named <name>-<index>.",
    )


class ParaSet(Model):
    """Best-effort work that takes the shape of the free fragments of a cluster's nodes, and yields first."""

    metadata: SetMeta = Field(description="Standard metadata; the name has at most 52 characters.")
    spec: ParaSetSpec = Field(description="What runs, in which shapes, and how many at most.")
    status: ParaSetStatus = Field(ParaSetStatus(), description="What ParaSet has made of it.")
