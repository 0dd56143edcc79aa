"""Headroom of a FillPolicy: room kept free for LS work, as a number of copies or one that is learned.

The status carries what was learned, so that the next leader need not learn it anew: bounded, and of no harm if lost.
"""

from typing import Annotated

from pydantic import Field

from paraset_operator.api.base import IntOrString, Model, Rule

AUTO = "auto"
MOST_COPIES = 100_000
MOST_SHAPES = 32
# What is remembered of arrivals is cut into at most so many pieces of time, and the one that runs.
MOST_SLOTS = 24

_COPIES = Rule(
    f"type(self) == int ? (self >= 0 && self <= {MOST_COPIES}) : string(self) == '{AUTO}'",
    lambda it: it == AUTO or (isinstance(it, int) and not isinstance(it, bool) and 0 <= it <= MOST_COPIES),
    f"must be a whole number from 0 to {MOST_COPIES}, or {AUTO}",
)

Copies = Annotated[int | str, IntOrString(_COPIES, len(str(MOST_COPIES)))]


class AutoCopies(Model):
    """How `copies: auto` learns from the LS pods that come."""

    percentile: float = Field(
        99,
        description="Percentage of the LS pods of this shape that are to find room at once, 50 to 99.9; those beyond "
        "wait for room to be made.",
    )
    window_hours: int = Field(24, ge=1, le=168, description="How long an LS pod that came counts, in hours.")
    floor: int = Field(0, ge=0, le=256, description="Fewest copies, also when no LS pod comes.")
    cap: int = Field(16, ge=0, le=256, description="Most copies, however large bursts are.")
    rules = (
        # Not as bounds of the schema: the API server would say that 99.9 is 99.
        Rule(
            "self.percentile >= 50.0 && self.percentile <= 99.9",
            lambda it: 50 <= it.percentile <= 99.9,
            "must be 50 to 99.9",
            "percentile",
        ),
        Rule(
            "self.floor <= self.cap",
            lambda it: it.floor <= it.cap,
            "must be at least floor",
            "cap",
        ),
    )


class HeadroomStatus(Model):
    """What was learned about one shape whose copies are auto."""

    name: str = Field(max_length=63, description="Name of the shape.")
    copies: int = Field(description="Copies kept free now.")
    message: str = Field("", max_length=1024, description="Why so many, in a sentence for people.")
    resources: dict[str, int | str] | None = Field(
        None, description="The shape this was learned for; what was learned for another is forgotten."
    )
    arrivals: list[Annotated[str, Field(max_length=4096)]] | None = Field(
        None,
        max_length=MOST_SLOTS + 1,
        description="LS pods that came, by hours: when these begin, and how many pods were the first of their shape "
        "within the time it takes to free room, how many the second, and so on; the last number counts all beyond.",
    )
