"""What a run comes to, in the fields of the JSON (docs/simulate.md gives units and meaning)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paraset_operator.model.pod import Pod
from paraset_operator.model.quantity import CPU
from paraset_operator.simulation.ledger import Ledger
from paraset_operator.simulation.timeline import Sample
from paraset_operator.simulation.trace_tables import WHOLE_GPU
from paraset_operator.simulation.world import World, fillers

# Run-to-run equality is promised to this many digits; times of this machine are left out of it.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Holdings:
    """Who holds what: GPUs in devices, CPU in cores. `idle` is what LS pods leave."""

    gpus: float
    gpus_ls: float
    gpus_filled: float
    cores: float
    cores_ls: float
    cores_filled: float
    fillers: float
    gpu_fillers: float


@dataclass(frozen=True, slots=True)
class Run:
    """One policy over one state of the cluster."""

    policy: str
    scheduler: str
    seed: int
    arrived: float
    holdings: Holdings
    fragment_rate: float
    ledger: Ledger
    ls_waiting: int = 0
    plans: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the row of the JSON."""
        held, ledger = self.holdings, self.ledger
        gpus = {
            "gpus": held.gpus,
            "gpus_ls": held.gpus_ls,
            "gpus_idle": held.gpus - held.gpus_ls,
            "gpus_filled": held.gpus_filled,
            "cores_idle": held.cores - held.cores_ls,
            "cores_filled": held.cores_filled,
            "fragment_rate": self.fragment_rate,
            "ls_wait_p99_s": percentile(ledger.waits, 99),
        }
        times = {f"plan_ms_p{part}": round(1000 * percentile(ledger.plan_seconds, part), 3) for part in (50, 99)}
        return {
            "policy": self.policy,
            "scheduler": self.scheduler,
            "seed": self.seed,
            "arrived": self.arrived,
            **{name: round(value, _DIGITS) for name, value in gpus.items()},
            "evictions": ledger.evictions,
            "evictions_needed": ledger.evictions_needed,
            "lost_gpu_s": round(ledger.lost_gpu_seconds, _DIGITS),
            **times,
            "cores": round(held.cores, _DIGITS),
            "fillers": round(held.fillers, _DIGITS),
            "gpu_fillers": round(held.gpu_fillers, _DIGITS),
            "ls_waiting": self.ls_waiting,
            "plans": self.plans,
            "violations": len(ledger.violations),
        }


def percentile(values: Sequence[float], part: int) -> float:
    """Return a percentile, linear between values; 0 of nothing."""
    return float(np.percentile(values, part)) if values else 0.0


def holdings_of(world: World) -> Holdings:
    """Return who holds what at this moment; GPUs as counted on the devices."""
    running = [pod for pod in fillers(world.pods()) if not pod.is_terminating]
    others = [pod for pod in world.pods() if pod.node and not pod.is_filler]
    return Holdings(
        gpus=int(world.fleet.size.sum()) / WHOLE_GPU,
        gpus_ls=_gpus(others),
        gpus_filled=_gpus(running),
        cores=sum(node.allocatable.get(CPU, 0) for node in world.nodes) / 1000,
        cores_ls=_cores(others),
        cores_filled=_cores(running),
        fillers=len(running),
        gpu_fillers=sum(bool(pod.on_devices) for pod in running),
    )


def _gpus(pods: Iterable[Pod]) -> float:
    return sum(share.amount for pod in pods for share in pod.on_devices) / WHOLE_GPU


def _cores(pods: Iterable[Pod]) -> float:
    return sum(pod.held.get(CPU, 0) for pod in pods) / 1000


def averaged(samples: Sequence[Sample], now: Holdings) -> Holdings:
    """Return holdings as averages over time; what is never counted over time is as it is `now`."""
    spans = np.diff([sample.time for sample in samples])
    total = spans.sum()
    if total <= 0:
        return now

    def mean(of: Callable[[Sample], float]) -> float:
        return float(np.dot([of(sample) for sample in samples[:-1]], spans) / total)

    return replace(
        now,
        gpus_ls=mean(lambda it: it.ls),
        gpus_filled=mean(lambda it: it.fillers),
        cores_ls=mean(lambda it: it.cores_ls),
        cores_filled=mean(lambda it: it.cores_fillers),
    )
