"""Rows of the yield benchmark as a table for people and as JSON for programs; medians of the runs decide, single
runs do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from math import isfinite, nan
from statistics import median
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench.figures import Row
from bench.gates import Gate, gates

WAITS = ("p50_s", "p90_s", "p99_s")
COUNTS = (
    "bound",
    "evicted",
    "evicted_gpus",
    "needed",
    "needed_gpus",
    "lost_gpu_s",
    "shrinks",
    "free_gpus",
    "violations",
)
WORDS = ("urgent_p99_s", "delete_p50_s", "delete_p99_s")
LATE_SECONDS = 1.0
RATIOS = {
    "p50_empty": ("p50_s", "empty"),
    "p99_empty": ("p99_s", "empty"),
    "p50_native": ("p50_s", "native"),
    "p99_native": ("p99_s", "native"),
    "lost_native": ("lost_gpu_s", "native"),
}

Median = dict[str, Any]


def medians(rows: Sequence[Row]) -> list[Median]:
    """One entry per scenario and system, in the order of first appearance."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.scenario, row.system), []).append(row)
    return [
        {"scenario": scenario, "system": system, "runs": len(several), "ls": several[0].ls}
        | {"nodes": several[0].nodes, "exit_s": several[0].exit_s}
        | {key: median(getattr(row, key) for row in several) for key in (*WAITS, *COUNTS)}
        | {key: _median_of(getattr(row, key) for row in several) for key in WORDS}
        | {"late": _median_of(_late(row, rows) for row in several)}
        for (scenario, system), several in groups.items()
    ]


def _late(row: Row, rows: Sequence[Row]) -> float | None:
    """How many LS pods waited more than a second longer than on the empty cluster of the round; None without one."""
    for other in rows:
        if (other.scenario, other.run, other.system) == (row.scenario, row.run, "empty"):
            return sum(wait > free + LATE_SECONDS for wait, free in zip(row.waits_s, other.waits_s, strict=True))
    return None


def _median_of(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def ratios(rows: Sequence[Row]) -> list[Median]:
    """The medians of each scenario and system over those of `empty` and `native` there, and victims over need."""
    entries = medians(rows)
    by_system = {(each["scenario"], each["system"]): each for each in entries}
    found = []
    for each in entries:
        entry = {"scenario": each["scenario"], "system": each["system"]}
        for name, (key, system) in RATIOS.items():
            base = by_system.get((each["scenario"], system))
            entry[name] = over(each[key], base[key]) if base else nan
        found.append(entry | {"gpus_needed": over(each["evicted_gpus"], each["needed_gpus"])})
    return found


def over(value: float, base: float) -> float:
    """The ratio, or no number where there is none."""
    return value / base if base and isfinite(base) else nan


def as_json(rows: Sequence[Row], settings: dict[str, Any], skipped: Sequence[str] = ()) -> dict[str, Any]:
    """Seconds, counts; null for a wait that did not end within the deadline."""
    return {
        "rows": [_plain(asdict(row)) for row in rows],
        "medians": [_plain(each) for each in medians(rows)],
        "ratios": [_plain(each) for each in ratios(rows)],
        "gates": [_plain(asdict(each)) for each in gates(medians(rows))],
        "skipped": list(skipped),
        "settings": settings,
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _number(value) for key, value in values.items()}


def _number(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_number(each) for each in value]
    if not isinstance(value, float):
        return value
    return round(value, 4) if isfinite(value) else None


TITLE = "LS creation to bound, and what fillers gave up"


def table(rows: Sequence[Row]) -> Table:
    """Every scenario and system by its medians, with the ratios to `empty` and `native`."""
    result = Table(title=TITLE, box=SIMPLE_HEAD, header_style="grey50", padding=(0, 1, 0, 0))
    result.add_column("system", no_wrap=True)
    for title in ("bound", "p50 s", "p99 s", "p50/nat", "p99/nat", "p99/empty", "evicted", "GPU/need", "lost/nat"):
        result.add_column(title, justify="right", no_wrap=True)
    for title in ("shrinks", "free", "late", "urgent", "to DELETE", "broken"):
        result.add_column(title, justify="right", no_wrap=True)
    before = ""
    for each, ratio in zip(medians(rows), ratios(rows), strict=True):
        if before not in ("", each["scenario"]):
            result.add_section()
        before = each["scenario"]
        result.add_row(f"{before} {each['system']}", *_cells(each, ratio))
    return result


def _cells(each: Median, ratio: Median) -> Iterable[str]:
    yield f"{each['bound']:g}/{each['ls']}"
    yield from (_text(each[key], 3) for key in ("p50_s", "p99_s"))
    yield from (_text(ratio[key]) for key in ("p50_native", "p99_native", "p99_empty"))
    yield f"{each['evicted']:g}"
    yield from (_text(ratio[key]) for key in ("gpus_needed", "lost_native"))
    yield from (f"{each[key]:g}" for key in ("shrinks", "free_gpus"))
    yield "" if each["late"] is None else f"{each['late']:g}"
    yield _milliseconds(each["urgent_p99_s"])
    yield (
        "" if each["delete_p99_s"] is None else f"{each['delete_p50_s'] * 1000:.0f}, {each['delete_p99_s'] * 1000:.0f}"
    )
    yield f"{each['violations']:g}"


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:g}"


def _text(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if isfinite(value) else "-"


def gates_table(rows: Sequence[Row]) -> Table:
    """What the numbers have to be, and what they are."""
    result = Table(title="Numbers to reach", box=SIMPLE_HEAD, header_style="grey50")
    result.add_column("what", no_wrap=True)
    for title in ("is", "at most", ""):
        result.add_column(title, justify="right", no_wrap=True)
    for gate in gates(medians(rows)):
        result.add_row(gate.what, _text(gate.value, 3), _text(gate.limit), _verdict(gate))
    return result


def _verdict(gate: Gate) -> str:
    return "[green3]reached[/]" if gate.is_reached else "[red]missed[/]"
