"""How objects are selected by labels, and amounts of resources: parts of other models."""

from typing import Annotated, Literal

from pydantic import Field

from paraset_operator.api.base import Model, Quantity, Rule

_LABEL_KEY = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
_LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"
DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"

LabelKey = Annotated[str, Field(min_length=1, max_length=317, pattern=_LABEL_KEY)]
LabelValue = Annotated[str, Field(max_length=63, pattern=_LABEL_VALUE)]
Amounts = Annotated[dict[str, Quantity], Field(max_length=32)]


class LabelRequirement(Model):
    """One requirement on a label."""

    key: LabelKey = Field(description="Key of the label.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = Field(description="How the label relates to values.")
    values: list[LabelValue] | None = Field(None, max_length=64, description="Values, for In and NotIn.")
    rules = (
        Rule(
            "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
            lambda it: (it.operator in ("In", "NotIn")) == bool(it.values),
            "In and NotIn need values, Exists and DoesNotExist take none",
            "values",
        ),
    )


class LabelSelector(Model):
    """Objects by their labels; all requirements must hold, and an empty selector selects everything."""

    match_labels: dict[str, LabelValue] | None = Field(None, max_length=32, description="Labels by key and value.")
    match_expressions: list[LabelRequirement] | None = Field(None, max_length=32, description="Requirements on labels.")
