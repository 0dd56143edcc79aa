"""The planner's benchmark as tables for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench.oracle.certificate import Bound
from bench.oracle.loss import NodeLoss, loss_by_quarter, node_losses, sets_per_node, unused_limits
from bench.oracle.outcome import Held
from bench.planner_fairness import Fairness
from bench.planner_quality import PLANNER, Row, Study, Tightness
from bench.planner_timing import Memory, Timing, exponent
from paraset_operator.model.resources import as_quantities


@dataclass(slots=True)
class Results:
    """All that was measured."""

    rows: list[Row] = field(default_factory=list)
    gaps: list[Tightness] = field(default_factory=list)
    times: list[Timing] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    fairness: list[Fairness] = field(default_factory=list)


_FULL = ("first", "full", "one set", "steady")


def _table(title: str, left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, header_style="grey50")
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def quality_table(rows: Sequence[Row]) -> Table:
    """All regimes and methods; a bound marked = is the optimum, others may be above it."""
    table = _table(
        "Worth against the certified bound", ("regime", "method"), ("worth", "bound", "% of it", "ms", "bad")
    )
    for index, row in enumerate(rows):
        if index and rows[index - 1].regime != row.regime:
            table.add_section()
        bound = f"{'= ' if row.is_exact else ''}{row.bound:.4f}"
        cells = (f"{row.worth:.4f}", bound, f"{row.fraction * 100:.2f}", f"{row.ms:.0f}", str(row.violations))
        style = "bold green3" if row.method == PLANNER else ""
        table.add_row(f"{row.regime} {row.nodes}", row.method, *cells, style=style)
    return table


def memory_line(each: Memory) -> str:
    """Peak memory in words."""
    parts = f"{each.plan:.0f} MiB with the plan, {each.snapshot:.0f} with the cluster, {each.modules:.0f} before"
    return f"peak memory at {each.nodes:,} nodes: {parts}"


def tightness_table(rows: Sequence[Tightness]) -> Table:
    """How far the bound can be from the optimum."""
    table = _table("How tight the bound is", ("regime",), ("nodes", "bound", "reached", "gap %"))
    for row in rows:
        table.add_row(row.regime, str(row.nodes), f"{row.bound:.4f}", f"{row.reached:.4f}", f"{row.gap * 100:.2f}")
    return table


def timing_table(times: Sequence[Timing]) -> Table:
    """Plan times by size."""
    table = _table("Plan time on one core, median", ("plan",), ("nodes", "ms", "actions"))
    for index, each in enumerate(times):
        if index and times[index - 1].nodes != each.nodes:
            table.add_section()
        table.add_row(each.kind, f"{each.nodes:,}", f"{each.ms:.1f}", f"{each.actions:,}")
    return table


def exponents(times: Sequence[Timing]) -> dict[str, float]:
    """Return how each full plan's time grows with the nodes; empty for a single size."""
    of = {kind: [each for each in times if each.kind == kind] for kind in _FULL}
    return {kind: exponent(several) for kind, several in of.items() if len(several) > 1}


def fairness_table(rows: Sequence[Fairness]) -> Table:
    """Dominant shares beside what weights would give."""
    table = _table("Dominant shares", ("case", "party"), ("share", "target", "off by %"))
    for row in rows:
        for key, target in row.targets.items():
            off = (row.shares[key] / target - 1) * 100
            table.add_row(row.case, key, f"{row.shares[key]:.4f}", f"{target:.4f}", f"{off:+.2f}")
    return table


def as_json(results: Results, settings: dict[str, Any]) -> dict[str, Any]:
    """Worth and bound in the plan's worth, times in milliseconds, memory in MiB."""
    return {
        "rows": [_rounded(asdict(row)) for row in results.rows],
        "gaps": [_rounded(asdict(row)) for row in results.gaps],
        "times": [_rounded(asdict(each)) for each in results.times],
        "exponents": _rounded(exponents(results.times)),
        "memory": [_rounded(asdict(each)) for each in results.memory],
        "fairness": [asdict(each) | {"off": each.off} for each in results.fairness],
        "settings": settings,
    }


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 6) if isinstance(value, float) else value for key, value in values.items()}


def worst_lines(study: Study, count: int) -> list[str]:
    """Return where the planner loses: by limits it leaves unused, in sum by nodes, and the nodes that lose most."""
    bound = study.certificate.details
    losses = node_losses(bound, study.fillers)
    on_nodes = sum(it.lost for it in losses)
    lines = [f"lost on nodes {_percent(on_nodes, bound)}, half of it on {_half(losses)} of {len(losses)} nodes"]
    best, here = sets_per_node(bound, losses)
    quarters = ", ".join(f"{part * 100:.0f} %" for part in loss_by_quarter(losses))
    lines.append(f"sets per node {here:.2f}, best {best:.2f}; lost by quarter, from most cores per device: {quarters}")
    lines += [f"unused {name}: {_percent(lost, bound)}" for name, lost in unused_limits(bound, study.fillers)]
    for it in losses[:count]:
        lines += _of_node(bound, it)
    return lines


def _percent(lost: float, bound: Bound) -> str:
    return f"{lost / bound.value * 100:.3f} %"


def _half(losses: Sequence[NodeLoss]) -> int:
    total, so_far = sum(it.lost for it in losses), 0.0
    for number, it in enumerate(losses, start=1):
        so_far += it.lost
        if so_far >= total / 2:
            return number
    return len(losses)


def _of_node(bound: Bound, it: NodeLoss) -> list[str]:
    devices = "; ".join(f"{each.whole} whole + {list(each.partial)}" for each in it.group.devices)
    free = ", ".join(f"{name} {amount}" for name, amount in as_quantities(it.group.free).items())
    best = ", ".join(
        f"{count:g} x {_named(bound, column)}" + _grown(it, column) for column, count in sorted(it.best.counts.items())
    )
    return [
        f"{it.name} loses {_percent(it.lost, bound)}: free {free}; {devices}",
        f"  best {best}",
        f"  here {_here(it.fillers)}",
    ]


def _named(bound: Bound, column: int) -> str:
    of = bound.problem.columns[column]
    return f"{bound.problem.owners[of.owner].name}/{of.shape}"


def _grown(it: NodeLoss, column: int) -> str:
    grown = {name: int(amount) for (of, name), amount in it.best.grown.items() if of == column}
    return "".join(f" +{amount} {name}" for name, amount in as_quantities(grown).items())


def _here(fillers: Sequence[Held]) -> str:
    kinds: dict[str, list[Held]] = {}
    for each in fillers:
        kinds.setdefault(f"{each.owner.name}/{each.shape.name}", []).append(each)
    return (
        ", ".join(f"{len(several)} x {kind}" + _grown_here(several) for kind, several in sorted(kinds.items()))
        or "nothing"
    )


def _grown_here(several: Sequence[Held]) -> str:
    elastic = several[0].shape.elastic
    grown = {each.resource: sum(it.sizes[each.resource] - each.minimum for it in several) for each in elastic}
    return "".join(f" +{amount} {name}" for name, amount in as_quantities(grown).items() if grown[name])
