"""A plan as tables for people: nodes and holes, sets, actions by reason, fragmentation.

On a terminal everything folds into its width, from 80 columns on; in a pipe every row is one line, for `grep`. Only
ASCII but for the line below headings, which rich replaces where the encoding can't show it.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TextIO

from rich.box import Box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from paraset_operator.model.quantity import CPU, MEMORY, PODS, format_quantity
from paraset_operator.model.resources import devices_of
from paraset_operator.reporting.plan_json import timestamp
from paraset_operator.reporting.plan_view import ActionRow, Fragmentation, NodeRow, PlanView, SetRow

_STYLES = {"create": "green", "resize": "yellow", "delete": "red"}
_GIB = 2**30
UNFOLDED = 10_000
_NARROWEST, _GAP = 8, 2
# A line below the headings, and nothing else.
_LINED = Box("    \n    \n ── \n    \n    \n    \n    \n    \n")


def write_table(view: PlanView, out: TextIO) -> None:
    """Write the plan as tables, as wide as the terminal (or COLUMNS), or unfolded where there is none."""
    width = None if out.isatty() or "COLUMNS" in os.environ else UNFOLDED
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    console.print(_headline(view), style="bold", soft_wrap=True)
    console.print()
    console.print(_nodes(view.nodes, console))
    console.print()
    console.print(_sets(view.sets))
    console.print()
    _print_actions(view.actions, console)
    console.print()
    for line in (*_nominations(view), *_fragmentation(view)):
        console.print(line, soft_wrap=True)
    for note in view.notes:
        console.print(f"Note: {note}", style="yellow", soft_wrap=True)


def _headline(view: PlanView) -> str:
    policies = ", ".join(f"{each.name} ({each.mode.value})" for each in view.policies)
    number = len(view.actions)
    return f"{number} action{'' if number == 1 else 's'} as of {timestamp(view.as_of)}; policy {policies}"


def lined_table(title: str = "", *, has_header: bool = True) -> Table:
    """Return a table with a line below its headings and nothing else drawn."""
    return Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        header_style="",
        show_header=has_header,
        box=_LINED,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )


def _nodes(rows: Sequence[NodeRow], console: Console) -> Table:
    """Return the table of nodes, without memory where that would make it too wide."""
    devices = _devices(rows)
    table = _nodes_by(rows, [*devices, CPU, MEMORY])
    needed = console.measure(table, options=console.options.update(width=UNFOLDED)).maximum
    return table if needed <= console.width else _nodes_by(rows, [*devices, CPU])


def _nodes_by(rows: Sequence[NodeRow], resources: list[str]) -> Table:
    has_kept = any(each.kept.get(name, 0) for each in rows for name in resources)
    parts = ("LS", "fill", "kept", "free") if has_kept else ("LS", "fill", "free")
    table = lined_table(
        "Nodes: held by LS pods and fillers, " + ("kept for LS pods, " if has_kept else "") + "left free"
    )
    table.add_column("\nnode", overflow="fold", min_width=_NARROWEST)
    for name in resources:
        for index, part in enumerate(parts):
            table.add_column(f"{unit_of(name) if index == 0 else ''}\n{part}", justify="right", no_wrap=True)
    table.add_column("\nbound by", overflow="fold", min_width=_NARROWEST)
    for row in rows:
        table.add_row(row.name, *_cells(row, resources, has_kept=has_kept), row.bound_by)
    return table


def _devices(rows: Iterable[NodeRow]) -> list[str]:
    """Return the devices that fillers hold, and GPUs whoever holds them."""
    offered = {(name, row.filled.get(name, 0) > 0) for row in rows for name in devices_of(row.allocatable)}
    return sorted({name for name, is_filled in offered if is_filled or "gpu" in name.lower()})


def _cells(row: NodeRow, resources: Iterable[str], *, has_kept: bool) -> Iterator[str]:
    for name in resources:
        for part in (row.others, row.filled, *((row.kept,) if has_kept else ()), row.free):
            yield amount_text(name, part.get(name, 0))


def unit_of(name: str) -> str:
    """Return what amounts of a resource are counted in, as a heading."""
    if name == CPU:
        return "cores"
    return "GiB" if name == MEMORY else name.rpartition("/")[2]


def amount_text(name: str, amount: float) -> str:
    """Return an amount in cores, GiB or pieces, to a tenth."""
    divisor = {CPU: 1000, MEMORY: _GIB}.get(name, 1)
    return f"{amount / divisor:.1f}".removesuffix(".0")


def _sets(rows: Iterable[SetRow]) -> Table:
    table = lined_table("Sets: fillers now, as planned, and at most")
    table.add_column("set", overflow="fold", min_width=_NARROWEST)
    for heading in ("now", "planned", "ceiling"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("by shape", overflow="fold")
    table.add_column("limited by", overflow="fold")
    for row in rows:
        report = row.report
        shapes = ", ".join(f"{count} {name}" for name, count in report.shapes)
        limits = "\n".join(f"{each.reason.value}: {each.message}" for each in report.limited_by)
        counts = (str(row.current), str(report.replicas), str(report.owner.ceiling))
        table.add_row(report.owner.key, *counts, shapes, limits)
    return table


_HEADINGS = ("verb", "pod", "node", "shape", "requests", "")


def _print_actions(actions: Sequence[ActionRow], console: Console) -> None:
    """Print the actions in their order, those that follow one another for the same reason together."""
    if not actions:
        console.print("Nothing is to be done: the fillers are as the plan wants them.")
        return
    console.print("Actions, in this order", style="bold")
    widths = _widths([_HEADINGS, *map(_action_cells, actions)], console.width)
    for why, group in groupby(actions, _why):
        console.print(why, soft_wrap=True)
        console.print(Padding(_action_table(group, widths), (0, 0, 0, _GAP), expand=False))


def _widths(rows: list[tuple[str, ...]], available: int) -> list[int]:
    """Return the width of each column, the widest made narrower until all fit."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    while sum(widths) + _GAP * len(widths) > available and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _action_table(actions: Iterable[ActionRow], widths: list[int]) -> Table:
    table = lined_table(has_header=False)
    for width in widths:
        table.add_column(width=width, overflow="fold")
    for action in actions:
        verb, *cells = _action_cells(action)
        table.add_row(Text(verb, style=_STYLES[verb]), *cells)
    return table


def _action_cells(row: ActionRow) -> tuple[str, ...]:
    return row.verb, f"{row.namespace}/{row.pod}", row.node, row.shape, ", ".join(_requests(row)), _remark(row)


def _requests(row: ActionRow) -> Iterator[str]:
    """Yield what the pod holds, devices first; of a resize only what changes."""
    for name in sorted({*row.requests, *row.requests_before} - {PODS}, key=lambda name: ("/" not in name, name)):
        before, now = row.requests_before.get(name, 0), row.requests.get(name, 0)
        if row.verb == "resize" and before != now:
            yield f"{_short(name)} {_rounded(name, before)} -> {_rounded(name, now)}"
        elif row.verb != "resize" and (before or now):
            yield f"{_short(name)} {_rounded(name, now or before)}"


def _short(name: str) -> str:
    return "mem" if name == MEMORY else name.rpartition("/")[2]


def _rounded(name: str, amount: int) -> str:
    return f"{amount_text(name, amount)}Gi" if name == MEMORY else format_quantity(name, amount)


def _remark(row: ActionRow) -> str:
    lost = f"{row.lost_seconds:.0f} s lost" if row.lost_seconds else ""
    after = f"after {', '.join(row.after)}" if row.after else ""
    return "; ".join(part for part in (lost, after) if part)


def _why(row: ActionRow) -> str:
    detail = f": {row.detail}" if row.detail else ""
    return f"{row.reason}{detail}" + (f" for {row.beneficiary}" if row.beneficiary else "")


def _nominations(view: PlanView) -> Iterator[str]:
    for pod, node in view.nominations:
        yield f"{pod} is nominated for {node}."


def _fragmentation(view: PlanView) -> Iterator[str]:
    """Yield a line for each kind of device: how many of the idle ones are fragment, before and after."""
    names = sorted({*view.before, *view.after})
    if not view.seen:
        yield "Fragmentation: unknown, as there is no LS pod to measure it by."
    elif not names:
        yield "Fragmentation: none, as no device is idle."
    else:
        for name in names:
            yield f"Fragmentation, {name}: {_idle(view.before, name)} before, {_idle(view.after, name)} after"


def _idle(measured: Fragmentation, name: str) -> str:
    if name not in measured:
        return "none idle"
    each = measured[name]
    return f"{amount_text(name, each['fragment'])} of {each['idle']:.0f} idle ({each['rate']:.0%})"
