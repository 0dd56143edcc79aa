"""How fast a set may change (the vocabulary of autoscaling/v2) and how much may be disrupted (that of Karpenter)."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from cronsim import CronSim, CronSimError
from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from paraset_operator.api.base import IntOrString, Model, Rule

# Two steps: the API server knows the look of a schedule by this pattern; only cronsim knows whether it ever comes.
_CRON = r"^[0-9A-Za-z*/,#-]+( +[0-9A-Za-z*/,#-]+){4}$"
# Any moment will do: whether a schedule is one does not depend on it.
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
DURATION = r"^([0-9]{1,4}h)?([0-9]{1,5}m)?$"


class ScalingPolicy(Model):
    """One limit of change within a period."""

    type: Literal["Pods", "Percent"] = Field(description="Pods: a number of fillers; Percent: of the current fillers.")
    value: int = Field(ge=1, le=1_000_000, description="How much may change within the period; greater than zero.")
    period_seconds: int = Field(ge=1, le=1800, description="Length of the period in seconds, 1 to 1800.")


class ScalingRules(Model):
    """Limits of change in one direction."""

    stabilization_window_seconds: int | None = Field(
        None, ge=0, le=3600, description="Seconds for which the most careful past target counts, 0 to 3600."
    )
    select_policy: Literal["Max", "Min", "Disabled"] = Field(
        "Max",
        description="Which of several policies counts: the one that allows most (Max), least (Min), or no change.",
    )
    policies: list[ScalingPolicy] | None = Field(
        None, max_length=16, description="Limits of change; none: no limit in this direction."
    )


class Behavior(Model):
    """How fast the number of fillers may follow the room. Room that LS work needs is given back at once anyway."""

    scale_up: ScalingRules | None = Field(None, description="Limits of filling.")
    scale_down: ScalingRules | None = Field(None, description="Limits of leaving, other than for LS work.")


def _is_share(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return 0 <= value <= 1_000_000
    if not isinstance(value, str):
        return False
    return value.isascii() and value.removesuffix("%").isdigit() and len(value) <= 7 and _within(value)


def _within(value: str) -> bool:
    return int(value.removesuffix("%")) <= (100 if value.endswith("%") else 1_000_000)


PodsOrPercent = Annotated[
    int | str,
    IntOrString(
        Rule(
            "type(self) == int ? self >= 0 && self <= 1000000 :"
            " string(self).matches('^(100|[0-9]{1,2})%$|^(1000000|[0-9]{1,6})$')",
            _is_share,
            "must be a number of fillers, such as 2, or a percentage from 0% to 100%, such as 10%",
        ),
        8,
    ),
]


class Cron:
    """Marks a cron schedule in UTC."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core) | {"pattern": _CRON}

    def _check(self, value: str) -> str:
        try:
            CronSim(value, _MOMENT)
        except CronSimError as error:
            raise PydanticCustomError("cron", "must be a cron schedule in UTC, such as '0 9 * * 1-5'") from error
        return value


class Budget(Model):
    """How many fillers of the set may be disrupted at once. Never limits a yield to LS work."""

    value: PodsOrPercent = Field(description="Number or percentage of the set's fillers that may be disrupted at once.")
    reasons: list[Literal["Rebalance", "Drain"]] | None = Field(
        None,
        max_length=8,
        description="What the budget limits: Rebalance (a better place, size or shape), Drain (a cordoned or "
        "pressured node); left out: both.",
    )
    schedule: Annotated[str, Cron()] | None = Field(
        None, max_length=128, description="Cron schedule in UTC from which the budget counts; needs duration."
    )
    duration: str | None = Field(
        None,
        pattern=DURATION,
        min_length=2,
        max_length=12,
        description="How long the budget counts from each time of the schedule, such as 8h, 30m or 1h30m.",
    )
    rules = (
        Rule(
            "has(self.schedule) == has(self.duration)",
            lambda budget: (budget.schedule is None) == (budget.duration is None),
            "schedule and duration need each other: set both or none",
        ),
    )
