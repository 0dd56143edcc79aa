"""A figure of the yield benchmark: how many LS pods are bound after how long, one panel a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from bench.figures import Row
from bench.systems import SYSTEMS

LEAST_SECONDS = 0.005


def plot(rows: Sequence[Row], path: Path) -> None:
    """Draw all runs of each system together; matplotlib is imported here, because only this needs it."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    scenarios = list(dict.fromkeys(row.scenario for row in rows))
    figure, panels = pyplot.subplots(1, len(scenarios), figsize=(4.2 * len(scenarios), 3.4), sharey=True, squeeze=False)
    colours = {name: f"C{index}" for index, name in enumerate(SYSTEMS)}
    for panel, scenario in zip(panels[0], scenarios, strict=True):
        for system in SYSTEMS:
            of = [row for row in rows if (row.scenario, row.system) == (scenario, system)]
            if not of:
                continue
            waits = sorted(max(LEAST_SECONDS, wait) for row in of for wait in row.waits_s if isfinite(wait))
            every = sum(row.ls for row in of)
            shares = [100 * (number + 1) / every for number in range(len(waits))]
            panel.step(waits, shares, where="post", label=system, color=colours[system])
        panel.set(title=f"{scenario}, exit {of_exit(rows, scenario):g} s", xscale="log", xlabel="created to bound, s")
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("LS pods bound, %")
    handles = {
        label: line for panel in panels[0] for line, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), frameon=False)
    figure.set_layout_engine("constrained")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def of_exit(rows: Sequence[Row], scenario: str) -> float:
    """The seconds a victim takes to exit in a scenario."""
    return next(row.exit_s for row in rows if row.scenario == scenario)
