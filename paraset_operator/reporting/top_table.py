"""What is held just now, as two tables for people, which `--watch` draws anew.

In a pipe every row is one line, for `grep`. Only ASCII but for the line below headings.
"""

import os
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from paraset_operator.model.quantity import CPU, MEMORY
from paraset_operator.model.resources import devices_of
from paraset_operator.reporting.plan_json import timestamp
from paraset_operator.reporting.plan_table import UNFOLDED, amount_text, lined_table, unit_of
from paraset_operator.reporting.top_view import NodeNow, SetNow, TopView

_WIDEST_NAME = 30
SETS, NODES = "sets", "nodes"


def console_for(out: TextIO) -> Console:
    """Return a console as wide as the terminal (or COLUMNS), or one that folds nothing where there is none."""
    width = None if out.isatty() or "COLUMNS" in os.environ else UNFOLDED
    return Console(file=out, width=width, highlight=False, markup=False, emoji=False)


def write_table(view: TopView, out: TextIO, parts: Sequence[str] = (SETS, NODES)) -> None:
    """Write the tables that are asked for."""
    console_for(out).print(tables(view, parts))


def tables(view: TopView, parts: Sequence[str] = (SETS, NODES)) -> RenderableType:
    """Return the headline and the tables that are asked for."""
    devices = _devices(view)
    shown: list[RenderableType] = [Text(_headline(view), style="bold")]
    if SETS in parts:
        shown += [Text(), _sets(view.sets, devices)] if view.sets else [Text(), Text("There is no ParaSet.")]
    if NODES in parts:
        shown += [Text(), _nodes(view, devices)]
    return Group(*shown, *(Text(f"Note: {note}", style="yellow") for note in view.notes))


def _headline(view: TopView) -> str:
    pods = f"{view.waiting} pod{'' if view.waiting == 1 else 's'}"
    return f"{view.total.fillers} fillers on {view.total.name}, {pods} without a node; as of {timestamp(view.as_of)}"


def _devices(view: TopView) -> list[str]:
    """Return the devices that there are: those that fillers hold, and GPUs whoever holds them."""
    offered = {(name, row.filled.get(name, 0) > 0) for row in view.nodes for name in devices_of(row.allocatable)}
    return sorted({name for name, is_filled in offered if is_filled or "gpu" in name.lower()})


def _sets(rows: Sequence[SetNow], devices: Sequence[str]) -> Table:
    table = lined_table("Sets: fillers now, and what they request")
    longest = max((len(row.key) for row in rows), default=0)
    table.add_column("set", overflow="fold", min_width=min(longest, _WIDEST_NAME))
    columns = ("now", "ready", "leaving", "desired", "ceiling", "nodes", *map(unit_of, (*devices, CPU, MEMORY)))
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("limited by", overflow="fold")
    for row in rows:
        desired = "-" if row.desired is None else str(row.desired)
        counts = (str(row.current), str(row.ready), str(row.leaving), desired, str(row.ceiling), str(row.nodes))
        amounts = (amount_text(name, row.resources.get(name, 0)) for name in (*devices, CPU, MEMORY))
        table.add_row(row.key, *counts, *amounts, _limit(row))
    return table


def _limit(row: SetNow) -> str:
    if row.is_suspended:
        return "suspended"
    return row.limit.reason.value if row.limit else ""


def _nodes(view: TopView, devices: Sequence[str]) -> Table:
    resources = [*devices, CPU, MEMORY]
    table = lined_table("Nodes: held by LS pods and fillers, and idle")
    table.add_column("\nnode", overflow="fold")
    for name in resources:
        for index, part in enumerate(("LS", "fill", "idle")):
            table.add_column(f"{unit_of(name) if index == 0 else ''}\n{part}", justify="right", no_wrap=True)
    table.add_column("\nstate", overflow="fold")
    for row in view.nodes:
        table.add_row(*_cells(row, resources), style="dim" if row.trouble else None)
    table.add_section()
    table.add_row(*_cells(view.total, resources), style="bold")
    return table


def _cells(row: NodeNow, resources: Iterable[str]) -> list[str]:
    parts = (row.others, row.filled, row.idle)
    amounts = [amount_text(name, part.get(name, 0)) for name in resources for part in parts]
    return [row.name, *amounts, row.trouble]
