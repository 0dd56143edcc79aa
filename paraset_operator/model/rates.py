"""How fast a set may change, and how much of it may be disrupted at once, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `value` fillers (or, as percent, hundredths of the current number) within `period` seconds."""

    value: int
    period: float
    is_percent: bool = False

    def allows(self, current: int) -> int:
        """Return how many fillers may change within the period, given the present number."""
        return max(1, -(-current * self.value // 100)) if self.is_percent else self.value


@dataclass(frozen=True, slots=True)
class ScaleRules:
    """The limits of one direction: the largest or smallest of several counts; `is_disabled` forbids any change.

    `stabilization` is for how many seconds the most careful past target counts.
    """

    limits: tuple[RateLimit, ...] = ()
    takes_smallest: bool = False
    is_disabled: bool = False
    stabilization: float = 0.0

    @property
    def limits_changes(self) -> bool:
        """Whether a change may have to wait for others of its kind."""
        return self.is_disabled or bool(self.limits)


UNLIMITED = ScaleRules()


@dataclass(frozen=True, slots=True)
class DisruptionBudget:
    """At most `value` fillers (or hundredths of them) may be on their way out at once, for these reasons."""

    value: int
    is_percent: bool = False
    reasons: frozenset[str] = frozenset({"Rebalance", "Drain"})

    def allows(self, current: int) -> int:
        """Return how many fillers may be leaving at once, given the present number."""
        return -(-current * self.value // 100) if self.is_percent else self.value


DEFAULT_BUDGET = DisruptionBudget(10, is_percent=True, reasons=frozenset({"Rebalance"}))
