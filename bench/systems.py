"""The systems that are compared: what each does with the cluster before the LS pods come, and with the operator.

`empty`: no fillers. `native`: fillers hold everything and nobody acts, so that kube-scheduler preempts. `paraset`: the
operator acts by its built-in policy, which keeps some cores free and no GPU. `headroom`: as many copies are kept free
as come within the time a victim takes to exit. `auto`: the operator learns the copies from the same arrivals, which
come once before they are measured. `no-nomination`: the policy forbids nominations. `killed`: as paraset, but the
operator gets SIGKILL as the first LS pods come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.arrivals import Arrival, Size, within
from bench.scenarios import headroom_of

POLICY = "bench"
# What FillPolicy.spec.cpuHeadroomPercent says by default, and the cores of its pieces.
CPU_HEADROOM_PERCENT, PIECE = 1, 8
# From the first sight of an LS pod to its victim gone: beside its exit, the operator's decision and the API's answers.
BESIDE_EXIT = 1.5

# Of a policy's spec, by the arrivals to come and the seconds a victim takes to exit.
PolicyOf = Callable[[Sequence[Arrival], float], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class System:
    """One way to run the cluster."""

    name: str
    has_fillers: bool = True
    acts: bool = True
    is_killed: bool = False
    keeps: bool = False
    learns: bool = False
    is_compared_by_loss: bool = False
    policy: PolicyOf | None = None

    def cores_kept(self, cores: int) -> int:
        """Return how many of all cores are kept free beside the headroom that is asked for."""
        return 0 if self.keeps or not self.acts else cores * CPU_HEADROOM_PERCENT // 100 // PIECE * PIECE

    def fill_policy(self, arrivals: Sequence[Arrival], exit_seconds: float) -> dict[str, Any] | None:
        """The FillPolicy to apply; None where the built-in one serves."""
        if self.policy is None:
            return None
        spec = self.policy(arrivals, exit_seconds)
        return {"apiVersion": "paraset.io/v1alpha1", "kind": "FillPolicy", "metadata": {"name": POLICY}, "spec": spec}


def kept_copies(arrivals: Sequence[Arrival], exit_seconds: float) -> dict[Size, int]:
    """What comes while a victim is on its way out."""
    return within(arrivals, exit_seconds + BESIDE_EXIT)


def _headroom(arrivals: Sequence[Arrival], exit_seconds: float) -> dict[str, Any]:
    return {"headroom": headroom_of(dict(kept_copies(arrivals, exit_seconds)))}


def _auto(arrivals: Sequence[Arrival], exit_seconds: float) -> dict[str, Any]:
    return {"headroom": headroom_of(dict.fromkeys(_largest(kept_copies(arrivals, exit_seconds)), "auto"))}


def _largest(sizes: Iterable[Size]) -> list[Size]:
    """Return for each number of GPUs a size that no pod exceeds: for larger ones nothing is kept, or learned."""
    largest: dict[int, Size] = {}
    for each in sizes:
        known = largest.get(each.gpus, each)
        largest[each.gpus] = Size(each.gpus, max(known.cores, each.cores), max(known.memory_gib, each.memory_gib))
    return sorted(largest.values(), key=lambda each: each.gpus)


def _nothing_kept(_: Sequence[Arrival], __: float) -> dict[str, Any]:
    return {"cpuHeadroomPercent": 0}


def _no_nomination(_: Sequence[Arrival], __: float) -> dict[str, Any]:
    return {"nomination": False}


SYSTEMS = {
    each.name: each
    for each in (
        System("empty", has_fillers=False, acts=False),
        System("native", acts=False, is_compared_by_loss=True, policy=_nothing_kept),
        System("paraset", is_compared_by_loss=True),
        System("headroom", keeps=True, policy=_headroom),
        System("auto", keeps=True, learns=True, policy=_auto),
        System("no-nomination", policy=_no_nomination),
        System("killed", is_killed=True),
    )
}


def order(names: Sequence[str], round_number: int) -> list[str]:
    """The systems of one round: `empty` first, since nothing has to be cleared for it then, the others forth and back,
    because timings drift.
    """
    first = [name for name in names if name == "empty"]
    others = [name for name in names if name != "empty"]
    return first + (others if round_number % 2 else others[::-1])
