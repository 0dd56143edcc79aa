"""The figures of all runs, for people: a table with one row for each policy, means over the seeds."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

Row = dict[str, Any]


def document(rows: Sequence[Row]) -> str:
    """Return the JSON of all runs; the same runs give the same text but for the times of plans."""
    return json.dumps({"runs": list(rows)}, indent=2) + "\n"


def write_json(rows: Sequence[Row], path: str, stdout: TextIO) -> None:
    """Write the JSON to a file, - for standard output; raise OSError."""
    if path == "-":
        stdout.write(document(rows))
    else:
        Path(path).write_text(document(rows), encoding="utf-8")


def write_table(rows: Sequence[Row], stdout: TextIO) -> None:
    """Write one table for each scheduler and load."""
    console = Console(file=stdout, highlight=False)
    groups: dict[tuple[str, float], dict[str, list[Row]]] = {}
    for row in rows:
        groups.setdefault((row["scheduler"], row["arrived"]), {}).setdefault(row["policy"], []).append(row)
    for (scheduler, arrived), policies in groups.items():
        console.print(_heading(scheduler, arrived, next(iter(policies.values()))), soft_wrap=True)
        console.print(_table(policies))


def _heading(scheduler: str, arrived: float, rows: Sequence[Row]) -> str:
    fragment = f"{100 * _mean(rows, 'fragment_rate'):.0f} % fragment"
    return (
        f"{scheduler}, {arrived:g} % arrived: LS pods hold {_mean(rows, 'gpus_ls'):,.0f} of "
        f"{_mean(rows, 'gpus'):,.0f} GPUs; idle are {_mean(rows, 'gpus_idle'):,.1f} GPUs ({fragment}) "
        f"and {_mean(rows, 'cores_idle'):,.0f} cores"
    )


def _table(policies: dict[str, list[Row]]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("\npolicy", no_wrap=True)
    columns = _columns([row for rows in policies.values() for row in rows])
    for name, _ in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for policy, rows in policies.items():
        table.add_row(policy, *(cell(rows) for _, cell in columns))
    return table


_Cell = Callable[[Sequence[Row]], str]
_FILLED: list[tuple[str, _Cell]] = [
    ("GPUs\nfilled", lambda rows: _amount(rows, "gpus_filled", "gpus_idle", 1)),
    ("cores\nfilled", lambda rows: _amount(rows, "cores_filled", "cores_idle", 0)),
]
_AT_REST: list[tuple[str, _Cell]] = [
    ("\nfillers", lambda rows: f"{_mean(rows, 'fillers'):,.0f}"),
]
_IN_MOTION: list[tuple[str, _Cell]] = [
    ("LS wait\np99", lambda rows: f"{_mean(rows, 'ls_wait_p99_s'):.1f} s"),
    ("evicted\n(needed)", lambda rows: f"{_mean(rows, 'evictions'):,.0f} ({_mean(rows, 'evictions_needed'):,.0f})"),
    ("GPU s\nlost", lambda rows: f"{_mean(rows, 'lost_gpu_s'):,.0f}"),
]
_PLAN: list[tuple[str, _Cell]] = [
    ("plan ms\np50 / p99", lambda rows: f"{_mean(rows, 'plan_ms_p50'):.0f} / {_mean(rows, 'plan_ms_p99'):.0f}"),
]
_FAULTS: list[tuple[str, _Cell]] = [("viola-\ntions", lambda rows: f"{_mean(rows, 'violations'):,.0f}")]


def _columns(rows: Sequence[Row]) -> list[tuple[str, _Cell]]:
    """Return the columns that say something: those of a cluster in motion only if it moved, violations if any."""
    moved = any(row["evictions"] or row["ls_wait_p99_s"] for row in rows)
    is_faulty = any(row["violations"] for row in rows)
    return [*_FILLED, *(_IN_MOTION if moved else _AT_REST), *_PLAN, *(_FAULTS if is_faulty else ())]


def _mean(rows: Sequence[Row], name: str) -> float:
    return fmean(row[name] for row in rows)


def _amount(rows: Sequence[Row], name: str, of: str, digits: int) -> str:
    filled, whole = _mean(rows, name), _mean(rows, of)
    return f"{filled:,.{digits}f} ({100 * filled / whole:.0f} %)" if whole else f"{filled:,.{digits}f}"
