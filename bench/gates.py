"""The numbers that the yield benchmark has to reach: each compares medians of one run, none is a time by itself but the
operator's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

from bench.scenarios import GPUS

Median = Mapping[str, Any]
BURST_EXIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Gate:
    """A number and the most it may be."""

    what: str
    value: float
    limit: float

    @property
    def is_reached(self) -> bool:
        """Whether it is known and small enough."""
        return isfinite(self.value) and self.value <= self.limit


def gates(medians: Sequence[Median]) -> list[Gate]:
    """Return the gates that these medians can be held to."""
    by_system = {(each["scenario"], each["system"]): each for each in medians}
    return [gate for rule in _RULES for gate in rule(by_system)]


Found = Mapping[tuple[str, str], Median]


def _pairs(found: Found, system: str, base: str) -> Iterator[tuple[str, Median, Median]]:
    """Scenarios that both systems have run in."""
    for (scenario, name), each in found.items():
        if name == system and (scenario, base) in found:
            yield scenario, each, found[scenario, base]


def _within_headroom(found: Found) -> Iterator[Gate]:
    for system in ("headroom", "auto"):
        for scenario, each, empty in _pairs(found, system, "empty"):
            yield Gate(f"{scenario}: p99 of {system} over empty", _over(each["p99_s"], empty["p99_s"]), 2.0)


def _burst(found: Found) -> Iterator[Gate]:
    for scenario, each, native in _pairs(found, "paraset", "native"):
        if scenario == "burst" and each["exit_s"] == BURST_EXIT_SECONDS:
            yield Gate("burst: p50 over native", _over(each["p50_s"], native["p50_s"]), 1.0)
            yield Gate("burst: p99 over native", _over(each["p99_s"], native["p99_s"]), 0.8)


def _cpu(found: Found) -> Iterator[Gate]:
    for scenario, each, native in _pairs(found, "paraset", "native"):
        if scenario == "cpu":
            yield Gate("cpu: p50 over native", _over(each["p50_s"], native["p50_s"]), 0.3)
            yield Gate("cpu: evictions over native", _over(each["evicted"], native["evicted"]), 0.1)


def _killed(found: Found) -> Iterator[Gate]:
    for scenario, each, native in _pairs(found, "killed", "native"):
        yield Gate(f"{scenario}: p99 of a dead operator over native", _over(each["p99_s"], native["p99_s"]), 1.1)


def _victims(found: Found) -> Iterator[Gate]:
    for scenario, each, native in _pairs(found, "paraset", "native"):
        if each["needed_gpus"]:
            yield Gate(f"{scenario}: victims' GPUs over needed", _over(each["evicted_gpus"], each["needed_gpus"]), 1.1)
            yield Gate(f"{scenario}: work lost over native", _over(each["lost_gpu_s"], native["lost_gpu_s"]), 0.7)


def _urgent(found: Found) -> Iterator[Gate]:
    for (scenario, system), each in found.items():
        if system == "paraset" and scenario in ("steady", "humble") and each["urgent_p99_s"] is not None:
            yield Gate(f"{scenario}: event to first write, p99 in ms", each["urgent_p99_s"] * 1000, 50.0)
        if scenario == "humble" and each["delete_p99_s"] is not None:
            yield Gate("humble: created to DELETE received, p99 in ms", each["delete_p99_s"] * 1000, 50.0)


def _day(found: Found) -> Iterator[Gate]:
    for system in ("paraset", "headroom", "auto"):
        for scenario, each, _ in _pairs(found, system, "empty"):
            if scenario == "day":
                yield Gate(f"day: LS pods over 1 s later than on empty, {system}", each["late"], 0.0)


def _held_back(found: Found) -> Iterator[Gate]:
    for (scenario, system), each in found.items():
        if system == "auto" and scenario in ("trace", "day"):
            yield Gate(
                f"{scenario}: GPUs that auto holds back, of all", each["free_gpus"] / (each["nodes"] * GPUS), 0.1
            )


_RULES: tuple[Callable[[Found], Iterator[Gate]], ...] = (
    _within_headroom,
    _burst,
    _cpu,
    _killed,
    _victims,
    _urgent,
    _day,
    _held_back,
)


def _over(value: float, base: float) -> float:
    return value / base if base and isfinite(base) else nan
