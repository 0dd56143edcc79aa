"""Rows of the yield benchmark as a table for people and as JSON for programs; medians of the runs decide, single
runs do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from math import isfinite
from statistics import median
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench.lab import Row

WAITS = ("p50_s", "p90_s", "p99_s")
COUNTS = ("bound", "evicted", "evicted_gpus", "needed", "shrinks", "violations")


def medians(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One entry per scenario and system, in the order of first appearance."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.scenario, row.system), []).append(row)
    return [
        {"scenario": scenario, "system": system, "runs": len(several)}
        | {key: median(getattr(row, key) for row in several) for key in (*WAITS, *COUNTS)}
        for (scenario, system), several in groups.items()
    ]


def ratios(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """ParaSet's median waits over those of native preemption, per scenario that has both."""
    by_system = {(each["scenario"], each["system"]): each for each in medians(rows)}
    found = []
    for scenario in dict.fromkeys(row.scenario for row in rows):
        native, paraset = by_system.get((scenario, "native")), by_system.get((scenario, "paraset"))
        if native and paraset:
            found.append({"scenario": scenario} | {key: _over(paraset[key], native[key]) for key in WAITS})
    return found


def _over(value: float, base: float) -> float:
    return value / base if base and isfinite(base) else float("nan")


def as_json(rows: Sequence[Row], settings: dict[str, Any]) -> dict[str, Any]:
    """Seconds, counts; null for a wait that did not end within the deadline."""
    return {
        "rows": [_plain(asdict(row)) for row in rows],
        "medians": [_plain(each) for each in medians(rows)],
        "ratios": [_plain(each) for each in ratios(rows)],
        "settings": settings,
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _number(value) for key, value in values.items()}


def _number(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 4) if isfinite(value) else None


def table(rows: Sequence[Row]) -> Table:
    """Every run, the medians, and how ParaSet compares with native preemption."""
    result = Table(title="LS creation to bound, and what fillers gave up", box=SIMPLE_HEAD, header_style="grey50")
    for title in ("system", "run"):
        result.add_column(title, no_wrap=True)
    for title in ("bound", "p50 s", "p90 s", "p99 s", "evicted", "needed", "shrinks", "broken"):
        result.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        result.add_row(f"{row.scenario} {row.system}", str(row.run), f"{row.bound}/{row.ls}", *_cells(asdict(row)))
    result.add_section()
    for each in medians(rows):
        name = f"{each['scenario']} {each['system']}"
        result.add_row(name, "median", f"{each['bound']:g}", *_cells(each), style="bold")
    for each in ratios(rows):
        cells = (f"{each[key]:.2f}" for key in WAITS)
        result.add_row(f"{each['scenario']} paraset/native", "ratio", "", *cells, style="bold green3")
    return result


def _cells(values: dict[str, Any]) -> Iterable[str]:
    for key in WAITS:
        yield f"{values[key]:.3f}" if isfinite(values[key]) else "-"
    for key in ("evicted", "needed", "shrinks", "violations"):
        yield f"{values[key]:g}"
