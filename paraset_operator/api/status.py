"""Status of a ParaSet: written by the operator alone, and only when something but time has changed."""

from typing import Annotated, Literal

from pydantic import Field

from paraset_operator.api.base import ListMap, Model

PLANNED_ACTIONS = 100
MOST_WAITS = 32

Whole = Annotated[int, Field(json_schema_extra={"format": "int64"})]
Amounts = dict[str, int | str]


class Condition(Model):
    """One aspect of the state, as metav1.Condition."""

    type: str = Field(max_length=316, description="Aspect of the state, such as Ready.")
    status: Literal["True", "False", "Unknown"] = Field(description="True, False or Unknown.")
    reason: str = Field(
        min_length=1,
        max_length=1024,
        pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        description="Why, in one word for programs; the words are documented.",
    )
    message: str = Field("", max_length=32768, description="Why, in a sentence for people.")
    last_transition_time: str = Field(
        max_length=64,
        json_schema_extra={"format": "date-time"},
        description="When status last changed.",
    )
    observed_generation: int | None = Field(
        None, ge=0, json_schema_extra={"format": "int64"}, description="Generation of the object this speaks of."
    )


class ShapeStatus(Model):
    """Fillers of one shape."""

    name: str = Field(max_length=63, description="Name of the shape.")
    replicas: int = Field(0, description="Fillers of the shape.")
    ready_replicas: int = Field(0, description="Fillers of the shape that are ready.")


class Wait(Model):
    """When a limit ends by itself."""

    node: str | None = Field(None, max_length=253, description="The node; left out where the whole set waits.")
    until: str = Field(max_length=64, json_schema_extra={"format": "date-time"}, description="When the wait ends.")


class Limit(Model):
    """One reason why there are not more fillers, or not bigger ones."""

    reason: str = Field(max_length=64, description="What limits the set, in one word for programs.")
    message: str = Field("", max_length=1024, description="What limits the set, in a sentence for people.")
    nodes: int | None = Field(None, description="Number of nodes on which this is what limits the set.")
    waits: list[Wait] | None = Field(
        None,
        max_length=MOST_WAITS,
        description="When it ends, if it ends by itself: for the set, or on nodes, of these the first 32 to end.",
    )


class LostWork(Model):
    """What giving room back has cost so far."""

    evictions: int = Field(0, json_schema_extra={"format": "int64"}, description="Fillers evicted.")
    shrinks: int = Field(0, json_schema_extra={"format": "int64"}, description="Fillers made smaller in place.")
    resource_seconds: dict[str, Whole] | None = Field(
        None,
        description="Work lost with evicted fillers since their last checkpoint: amount x seconds by resource, such as "
        "device-seconds of nvidia.com/gpu, core-seconds of cpu.",
    )


class FilledWork(Model):
    """What the fillers of a set have held so far."""

    resource_seconds: dict[str, Whole] = Field(
        description="Amount x seconds by resource that running fillers have held up to asOf: device-seconds, "
        "core-seconds of cpu, byte-seconds of memory."
    )
    as_of: str = Field(
        max_length=64,
        json_schema_extra={"format": "date-time"},
        description="Until when that is counted: written only when something else in the status changes. Since then "
        "ready fillers have held what `resources` says.",
    )


class PlannedAction(Model):
    """One action that mode Observe has planned and not carried out."""

    verb: Literal["create", "resize", "delete"] = Field(description="create, resize or delete.")
    pod: str = Field(max_length=253, description="Name of the filler.")
    node: str = Field(max_length=253, description="Name of the node.")
    shape: str = Field("", max_length=63, description="Name of the shape.")
    requests: Amounts | None = Field(None, description="What the filler's container requests after the action.")
    reason: str = Field("", max_length=1024, description="Why.")


class ParaSetStatus(Model):
    """What ParaSet has made of a set."""

    observed_generation: int | None = Field(
        None, ge=0, json_schema_extra={"format": "int64"}, description="Generation of the set this status speaks of."
    )
    replicas: int = Field(0, description="Fillers there are, without those that are terminating.")
    ready_replicas: int = Field(0, description="Fillers that are ready.")
    desired_replicas: int = Field(0, description="Fillers the last plan wants.")
    selector: str = Field("", max_length=1024, description="Label selector of the fillers, for the scale subresource.")
    resources: Amounts | None = Field(None, description="What all fillers together request, by resource.")
    nodes: int = Field(0, description="Nodes that run at least one filler.")
    shapes: Annotated[list[ShapeStatus], ListMap("name")] | None = Field(
        None, max_length=64, description="Fillers by shape."
    )
    limited_by: list[Limit] | None = Field(
        None, max_length=32, description="Why there are not more fillers, the most important first."
    )
    lost_work: LostWork | None = Field(None, description="What giving room back has cost so far.")
    filled_work: FilledWork | None = Field(None, description="What the set's fillers have held so far.")
    plan: list[PlannedAction] | None = Field(
        None,
        max_length=PLANNED_ACTIONS,
        description="Only where the policy's mode is Observe: the first 100 actions that would be taken.",
    )
    conditions: Annotated[list[Condition], ListMap("type")] | None = Field(
        None, max_length=32, description="Ready, and what it depends on."
    )
