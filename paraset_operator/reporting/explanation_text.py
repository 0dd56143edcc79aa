"""An explanation for people: the set, its shapes, its limits with their remedies, the nodes with idle room.

As in plan_table.py, only ASCII, and in a pipe every fact is one line, for `grep`.
"""

import os
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console
from rich.table import Table

from paraset_operator.model.quantity import PODS
from paraset_operator.model.resources import devices_of
from paraset_operator.model.shape import Shape
from paraset_operator.reporting.explanation import ExplainedLimit, Explanation, NodeExplanation, ShapeGap, ShapeHolding
from paraset_operator.reporting.idle_nodes import devices_first
from paraset_operator.reporting.plan_json import timestamp
from paraset_operator.reporting.remedies import amount_of, amounts_of

_UNFOLDED = 10_000
_FEW_NODES, _FEW_SHAPES = 5, 3


def write_text(explanation: Explanation, as_of: float, out: TextIO, *, everything: bool = False) -> None:
    """Write the explanation; with `everything` no list is cut short."""
    width = None if out.isatty() or "COLUMNS" in os.environ else _UNFOLDED
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    console.print(f"{_headline(explanation)}; as of {timestamp(as_of)}", style="bold", soft_wrap=True)
    console.print(_holds(explanation), soft_wrap=True)
    console.print()
    console.print(_shapes(explanation, everything=everything))
    console.print()
    _print_limits(explanation, console, everything=everything)
    console.print()
    _print_nodes(explanation, console, everything=everything)
    for note in explanation.notes:
        console.print(f"Note: {note}", style="yellow", soft_wrap=True)


def _headline(explanation: Explanation) -> str:
    owner, planned = explanation.report.owner, explanation.report.replicas
    return f"ParaSet {owner.key}: {_fillers(explanation.current)} now, {planned} planned, ceiling {owner.ceiling}"


def _fillers(count: int) -> str:
    return f"{count} filler{'' if count == 1 else 's'}"


def _holds(explanation: Explanation) -> str:
    report = explanation.report
    if not report.replicas:
        return "By the plan it holds nothing."
    nodes = f"{report.nodes} node{'' if report.nodes == 1 else 's'}"
    return f"By the plan it holds {amounts_of(report.resources)} on {nodes}."


def _shapes(explanation: Explanation, *, everything: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("shape", overflow="fold")
    for heading in ("now", "planned"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("one takes", overflow="fold")
    table.add_column("planned on", overflow="fold")
    for each in explanation.shapes:
        where = _where(each, everything=everything)
        table.add_row(each.shape.name, str(each.current), str(each.planned), _takes(each.shape), where)
    return table


def _takes(shape: Shape) -> str:
    least, most = shape.smallest, shape.at({each.resource: each.maximum for each in shape.elastic})
    return ", ".join(_range(name, least[name], most[name]) for name in devices_first(least) if name != PODS)


def _range(resource: str, least: int, most: int) -> str:
    largest = amount_of(resource, most)
    return largest if least == most else f"{amount_of(resource, least).partition(' ')[0]} to {largest}"


def _where(holding: ShapeHolding, *, everything: bool) -> str:
    shown = holding.nodes if everything else holding.nodes[:_FEW_NODES]
    rest = len(holding.nodes) - len(shown)
    return ", ".join(f"{node} ({count})" for node, count in shown) + (f", {rest} more" if rest else "")


def _print_limits(explanation: Explanation, console: Console, *, everything: bool) -> None:
    if not explanation.limits:
        console.print("Nothing limits the set.")
        return
    console.print("What limits it", style="bold")
    for each in explanation.limits:
        source = " (reported by the operator)" if each.is_told else ""
        console.print(f"  {each.reason.value}: {each.message}{source}", soft_wrap=True)
        if each.waits:
            console.print(f"    {_ends(each, everything=everything)}", soft_wrap=True)
        console.print(f"    remedy: {each.remedy}", soft_wrap=True)


def _ends(limit: ExplainedLimit, *, everything: bool) -> str:
    shown = limit.waits if everything else limit.waits[:_FEW_NODES]
    ends = ", ".join(f"in {left} s on {node}" if node else f"in {left} s" for node, left in shown)
    rest = len(limit.waits) - len(shown)
    return f"ends {ends}" + (f", later on {rest} more" if rest else "")


def _print_nodes(explanation: Explanation, console: Console, *, everything: bool) -> None:
    number = sum(each.nodes for each in explanation.bound)
    if not number:
        console.print("No node has idle devices or cores.")
        return
    console.print(f"Nodes with idle room: {number}, by what keeps it empty", style="bold", soft_wrap=True)
    for each in explanation.bound:
        count = f"{each.nodes} node{'' if each.nodes == 1 else 's'}"
        console.print(f"  {each.reason}: {count}, {amounts_of(each.left)} left", soft_wrap=True)
    console.print()
    for node in explanation.nodes:
        for line in _node(node, everything=everything):
            console.print(line, soft_wrap=True)
    if explanation.left_out:
        console.print(f"{explanation.left_out} more nodes have less idle room: --all shows them.")


def _node(node: NodeExplanation, *, everything: bool) -> Iterator[str]:
    yield f"{node.name}: {_idle(node)}{_fragment(node)}; bound by {node.bound_by}"
    if node.detail:
        yield f"    {node.detail}"
    if node.arriving:
        coming = ", ".join(f"{count} {shape} of {owner}" for owner, shape, count in node.arriving)
        yield f"    the plan puts there: {coming}; {amounts_of(node.left)} left after that"
    shown = node.gaps if everything else node.gaps[:_FEW_SHAPES]
    for gap in shown:
        yield f"    {_gap(gap)}"
    if len(shown) < len(node.gaps):
        yield f"    {len(node.gaps) - len(shown)} more shapes lack room: --all shows them"


def _idle(node: NodeExplanation) -> str:
    kept = {name: amount for name, amount in node.kept.items() if node.idle.get(name, 0) > 0}
    of_these = f" (of these {amounts_of(kept)} kept for LS work)" if kept else ""
    return f"{amounts_of(node.idle)} idle{of_these}"


def _fragment(node: NodeExplanation) -> str:
    if node.rate is None or node.category is None:
        return ""
    kinds = "" if devices_of(node.idle) else " without its fillers"
    return f"; fragment {node.rate:.0%}{kinds}, mostly {node.category.value}"


def _gap(gap: ShapeGap) -> str:
    parts = []
    for resource, ways in gap.remedies:
        lack = amount_of(resource, gap.lacks[resource], up=True)
        parts.append(f"{lack}: it fits with {', or '.join(each.text for each in ways)}")
    return f"{gap.shape} lacks {'; and '.join(parts)}"
