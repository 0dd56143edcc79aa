"""The part of a pod template that says where its pods may run: what the planner reads, so what must be well-formed.

Invariant: a template that passes holds no value here that the planner could trip over; everything else in these
structures is kept as it is and judged by the API server when a pod is made.
"""

from typing import Annotated, Any

from pydantic import Field

from paraset_operator.api.base import OpenModel

Text = Annotated[str, Field(max_length=317)]
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


class NodeRequirement(OpenModel):
    """One requirement on a node's labels or fields."""

    key: Text = Field(description="Label or field of the node.")
    operator: Text = Field(description="In, NotIn, Exists, DoesNotExist, Gt or Lt.")
    values: list[Text] | None = Field(None, max_length=256, description="Values the operator compares with.")


class NodeTerm(OpenModel):
    """Requirements that must all hold."""

    match_expressions: list[NodeRequirement] | None = Field(None, max_length=64, description="Requirements on labels.")
    match_fields: list[NodeRequirement] | None = Field(None, max_length=64, description="Requirements on fields.")


class NodeTerms(OpenModel):
    """Terms of which one must hold."""

    node_selector_terms: list[NodeTerm] = Field(min_length=1, max_length=64, description="Terms; one must hold.")


class NodeAffinity(OpenModel):
    """Affinity to nodes."""

    required: NodeTerms | None = Field(None, alias=REQUIRED, description="Nodes on which fillers may run.")


class PodAffinity(OpenModel):
    """Affinity to, or away from, other pods."""

    required: list[dict[str, Any]] | None = Field(
        None, alias=REQUIRED, max_length=32, description="Terms that must hold, as in a pod."
    )


class Affinity(OpenModel):
    """Affinity of the fillers; the node ParaSet has chosen is added to it."""

    node_affinity: NodeAffinity | None = Field(None, description="Affinity to nodes.")
    pod_affinity: PodAffinity | None = Field(None, description="Affinity to other pods.")
    pod_anti_affinity: PodAffinity | None = Field(None, description="Affinity away from other pods.")


class SpreadConstraint(OpenModel):
    """How pods are spread over the cluster."""

    when_unsatisfiable: Text = Field(description="DoNotSchedule or ScheduleAnyway.")


class TemplateToleration(OpenModel):
    """A toleration; the policy says which of them fillers keep."""

    key: Text | None = Field(None, description="Key of the taint.")
    operator: Text | None = Field(None, description="Equal or Exists.")
    value: Text | None = Field(None, description="Value of the taint.")
    effect: Text | None = Field(None, description="Effect of the taint.")
