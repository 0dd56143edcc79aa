"""What a simulation counts: LS waits, evictions and needed ones, work lost, plan times, what should never be."""

from dataclasses import dataclass, field

from paraset_operator.model.pod import Pod
from paraset_operator.simulation.fleet import GPU
from paraset_operator.simulation.trace_tables import WHOLE_GPU


@dataclass(slots=True)
class Ledger:
    """Counts of one run. `waits` are seconds from creation to binding of the LS pods that came after the filling."""

    waits: list[float] = field(default_factory=list)
    evictions: int = 0
    evictions_needed: int = 0
    lost_gpu_seconds: float = 0.0
    plan_seconds: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def evicted(self, filler: Pod, lost_seconds: float) -> None:
        """Count a filler that had to go for LS work, with the seconds of its work that are lost."""
        self.evictions += 1
        self.lost_gpu_seconds += filler.requests.get(GPU, 0) / WHOLE_GPU * lost_seconds

    def violated(self, what: str) -> None:
        """Count a decision that could not be carried out, or a state that should not be."""
        self.violations.append(what)
