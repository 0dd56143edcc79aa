"""What a user may choose for a simulation, as values."""

from dataclasses import dataclass, field

from paraset_operator.simulation.policies import NAMES, Sizes


@dataclass(frozen=True, slots=True)
class Settings:
    """Which runs are made, and how; `arrived` in percent, `exit_seconds` is how long a filler takes to go."""

    schedulers: tuple[str, ...] = ("best-fit",)
    policies: tuple[str, ...] = NAMES
    arrived: tuple[float, ...] = (100.0,)
    seeds: int = 1
    sizes: Sizes = field(default_factory=Sizes)
    burst: int = 0
    exit_seconds: float = 10.0

    @property
    def runs(self) -> int:
        """How many runs that makes."""
        return len(self.schedulers) * self.seeds * len(self.arrived) * len(self.policies)
