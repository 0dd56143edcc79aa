"""FillPolicy: what an administrator applies. Which nodes are lent, to whom, and how carefully.

Invariant: FillPolicySpec() is the built-in default that makes a bare ParaSet work where there is no policy.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from paraset_operator.api.announced import Announced
from paraset_operator.api.base import QUANTITY_RULE, IntOrString, ListMap, Model, Rule, is_quantity
from paraset_operator.api.headroom import AUTO, MOST_SHAPES, AutoCopies, Copies, HeadroomStatus
from paraset_operator.api.paraset import ObjectMeta
from paraset_operator.api.selectors import DNS_LABEL, Amounts, LabelSelector, LabelValue
from paraset_operator.api.status import Condition

_PERCENT = r"^(100|[0-9]{1,2})%$"


def _is_reserve(value: object) -> bool:
    return is_quantity(value) or (isinstance(value, str) and re.fullmatch(_PERCENT, value) is not None)


QuantityOrPercent = Annotated[
    int | str,
    IntOrString(
        Rule(
            f"string(self).matches('{_PERCENT}') || ({QUANTITY_RULE.cel})",
            _is_reserve,
            "must be a Kubernetes quantity from 0 to 1E, such as 500m or 1Gi, or a percentage from 0% to 100%",
        ),
        32,
    ),
]


class Headroom(Model):
    """Room kept free for LS work, as so many copies of one LS shape."""

    name: str = Field(min_length=1, max_length=63, pattern=DNS_LABEL, description="Name of the LS shape.")
    resources: Amounts = Field(min_length=1, description="What one copy requests, such as nvidia.com/gpu: 1, cpu: 8.")
    copies: Copies = Field(
        1,
        description="Copies for which room is kept free, over all nodes together, or auto: as many as the LS pods that "
        "come have use for.",
    )
    auto: AutoCopies | None = Field(None, description="How copies are learned where they are auto.")
    lend_devices: bool = Field(
        False,
        description="Whether devices of the shape are lent meanwhile: only the rest is kept free, on nodes that have "
        "or lend such devices, so that an LS pod of this shape costs one filler its place and no other has to shrink.",
    )
    node_selector: LabelSelector | None = Field(
        None, description="Nodes on which the room is kept; left out: all nodes of the policy."
    )
    rules = (
        Rule(
            f"!has(self.auto) || string(self.copies) == '{AUTO}'",
            lambda it: it.auto is None or it.copies == AUTO,
            "is for copies: auto; remove it, or set copies to auto",
            "auto",
        ),
    )


class Toleration(Model):
    """A toleration fillers may keep from their template."""

    key: Annotated[str, Field(max_length=317)] | None = Field(
        None, description="Key of the taint; left out, with Exists: every taint."
    )
    operator: Literal["Exists", "Equal"] = Field(
        "Equal", description="Exists: any value of the key; Equal: this value."
    )
    value: LabelValue | None = Field(None, description="Value of the taint, for Equal.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="Effect of the taint; left out: every effect."
    )
    rules = (
        Rule(
            "has(self.key) || self.operator == 'Exists'",
            lambda it: it.key is not None or it.operator == "Exists",
            "needs a key, unless operator is Exists",
            "key",
        ),
        Rule(
            "self.operator != 'Exists' || !has(self.value)",
            lambda it: it.operator != "Exists" or it.value is None,
            "operator Exists takes no value: remove it",
            "value",
        ),
    )


class Tenant(Model):
    """Share and limits of one namespace, or of each of several."""

    namespace: Annotated[str, Field(min_length=1, max_length=63, pattern=DNS_LABEL)] | None = Field(
        None, description="Name of the namespace."
    )
    namespace_selector: LabelSelector | None = Field(
        None, description="Namespaces by their labels; each is a tenant of its own."
    )
    weight: int = Field(1, ge=1, le=1000, description="Share of each namespace, 1 to 1000; those not named have 1.")
    limits: Amounts | None = Field(None, description="Most that the fillers of one namespace may request together.")
    rules = (
        Rule(
            "has(self.namespace) != has(self.namespaceSelector)",
            lambda tenant: (tenant.namespace is None) != (tenant.namespace_selector is None),
            "set either namespace or namespaceSelector",
        ),
    )


def _seconds(default: int, description: str, *, least: int = 0, most: int = 86_400) -> Any:
    return Field(default, ge=least, le=most, description=f"{description} Seconds, {default} unless told.")


class Pacing(Model):
    """How patient the operator is."""

    cool_down_seconds: int = _seconds(60, "How long a node is not refilled after LS work has reclaimed room on it.")
    cool_down_max_seconds: int = _seconds(600, "Where that time ends, after doubling with every reclaim.")
    min_run_seconds: int = _seconds(60, "How long a filler runs before it is replaced for a better plan.")
    pending_timeout_seconds: int = _seconds(30, "How long a filler may stay Pending before it is withdrawn.", least=1)
    back_off_seconds: int = _seconds(10, "How long a set waits after its fillers crash or can't pull.", least=1)
    back_off_max_seconds: int = _seconds(300, "Where that time ends, after doubling with every failure.", least=1)
    storm_percent: int = Field(
        20,
        ge=0,
        le=100,
        description="While more than this part of the policy's nodes, and at least three, are NotReady or turned so "
        "within the last minute, nothing new is begun on any of them. Hundredths, 20 unless told; 100: never.",
    )
    rules = (
        Rule(
            "self.coolDownSeconds <= self.coolDownMaxSeconds",
            lambda it: it.cool_down_seconds <= it.cool_down_max_seconds,
            "must be at least coolDownSeconds",
            "coolDownMaxSeconds",
        ),
        Rule(
            "self.backOffSeconds <= self.backOffMaxSeconds",
            lambda it: it.back_off_seconds <= it.back_off_max_seconds,
            "must be at least backOffSeconds",
            "backOffMaxSeconds",
        ),
    )


GPU_TOLERATION = Toleration(key="nvidia.com/gpu", operator="Exists")


class FillPolicySpec(Model):
    """Which nodes are lent to fillers, and on what terms."""

    node_selector: LabelSelector = Field(
        LabelSelector(),
        description="Nodes the policy speaks for; left out: all. Of several policies that select a node the first by "
        "name counts.",
    )
    mode: Literal["Observe", "Auto"] = Field(
        "Auto", description="Auto: fill. Observe: write the plan into the sets' status and touch nothing."
    )
    ls_priority: int = Field(
        0,
        ge=-99_999_999,
        le=2_000_001_000,
        description="Pods whose spec.priority is at least this are latency-sensitive: fillers leave for them.",
    )
    reserve: Annotated[dict[str, QuantityOrPercent], Field(max_length=32)] | None = Field(
        None, description="What is never lent on any node, by resource: an amount or a percentage of allocatable."
    )
    headroom: Annotated[list[Headroom], ListMap("name")] | None = Field(
        None, max_length=MOST_SHAPES, description="Room kept free for LS work, so that it starts at once."
    )
    cpu_headroom_percent: int | None = Field(
        None,
        ge=0,
        le=50,
        description="Part of the cores that could be filled, in hundredths, kept free over all nodes in pieces of 8 "
        "cores and 32 GiB, so that LS pods that lack only cores start at once. Made by shrinking fillers in place; "
        "leaves no device idle. Left out: 1, or 0 where headroom is given.",
    )
    announced: Announced = Field(Announced(), description="Room made for LS pods before they exist.")
    max_grace_period_seconds: int = Field(
        30, ge=0, le=300, description="Longest time a filler has to finish when it must leave, 0 to 300 seconds."
    )
    tolerations: list[Toleration] = Field(
        [GPU_TOLERATION],
        max_length=32,
        description="Tolerations fillers may keep from their template; every other is dropped.",
    )
    nomination: bool = Field(
        True,
        description="Whether the operator may nominate a node for an LS pod (pods/status) while it makes room there.",
    )
    ahead_percent: int = Field(
        3,
        ge=0,
        le=100,
        description="While LS pods wait for room: how many more places are made, in hundredths of their number and "
        "rounded down, because a burst goes on and pods take each other's places.",
    )
    tenants: list[Tenant] | None = Field(
        None, max_length=256, description="Shares and limits of namespaces; the first that fits a namespace counts."
    )
    pacing: Pacing = Field(Pacing(), description="How patient the operator is.")


class LsWaitStatus(Model):
    """How long LS pods have waited for one cause."""

    cause: str = Field(
        max_length=64, description="What they waited for, as in metrics: none, headroom, yield-evict, ..."
    )
    pods: int = Field(json_schema_extra={"format": "int64"}, description="LS pods that were bound.")
    seconds: float = Field(
        description="Seconds they have waited together, from their first sight until they were bound."
    )
    longest_seconds: float = Field(description="Seconds that the one waited that waited longest.")


class RoomStatus(Model):
    """What became of room that fillers have given for one reason. Amounts are cores, bytes and pieces."""

    reason: str = Field(max_length=64, description="Why it was given, in one word.")
    releases: int = Field(json_schema_extra={"format": "int64"}, description="Fillers that shrank or left.")
    unused: int = Field(
        0, json_schema_extra={"format": "int64"}, description="Of these, those nobody took anything of."
    )
    released: dict[str, float] | None = Field(None, description="What they gave, by resource.")
    taken: dict[str, float] | None = Field(None, description="What LS pods took of it, by resource.")


class FillPolicyStatus(Model):
    """What the operator has made of a policy."""

    observed_generation: int | None = Field(
        None, ge=0, json_schema_extra={"format": "int64"}, description="Generation of the policy this speaks of."
    )
    nodes: int = Field(0, description="Nodes the policy speaks for.")
    headroom: Annotated[list[HeadroomStatus], ListMap("name")] | None = Field(
        None, max_length=MOST_SHAPES, description="What was learned for shapes whose copies are auto."
    )
    release_seconds: float | None = Field(
        None,
        description="Time it takes to free room on these nodes: nine of the last ten victims were gone so soon after "
        "they were told to leave. Left out: none was seen yet, or no copies are auto.",
    )
    ls_waits: Annotated[list[LsWaitStatus], ListMap("cause")] | None = Field(
        None,
        max_length=16,
        description="Waits of LS pods that were bound to these nodes, by cause. Written a moment after they have come, "
        "and once a minute at most while they go on coming.",
    )
    room: Annotated[list[RoomStatus], ListMap("reason")] | None = Field(
        None, max_length=16, description="Room that fillers have given on these nodes, by reason."
    )
    conditions: Annotated[list[Condition], ListMap("type")] | None = Field(
        None, max_length=32, description="Ready, and what it depends on."
    )


class FillPolicy(Model):
    """Which nodes are lent to ParaSets, and on what terms. Cluster-scoped, for administrators."""

    metadata: ObjectMeta = Field(ObjectMeta(), description="Standard metadata.")
    spec: FillPolicySpec = Field(FillPolicySpec(), description="Which nodes are lent, and on what terms.")
    status: FillPolicyStatus = Field(FillPolicyStatus(), description="What the operator has made of it.")
