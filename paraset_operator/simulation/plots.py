"""Figures of a simulation. Imported only when something is to be drawn: matplotlib is an extra.

Colours are those of Okabe and Ito, which people see alike whatever their sight; each policy has its own, everywhere.
Figures of the same runs are the same files to the byte, so that a repository does not change with every drawing.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from paraset_operator.simulation.fgd import CATEGORIES, Floats
from paraset_operator.simulation.figures import Holdings
from paraset_operator.simulation.fleet import Fleet, Ints
from paraset_operator.simulation.runs import Outcome
from paraset_operator.simulation.trace_tables import WHOLE_GPU

COLOURS = {"none": "#595959", "fixed": "#E69F00", "replicas": "#CC79A7", "shapes": "#56B4E9", "full": "#0072B2"}
_LS, _LEAVING, _WAITING = "#8C8C8C", "#D55E00", "#000000"
_WORDS = {
    "usable": ("a typical LS task could use it", "#009E73"),
    "lack_gpu": ("too little GPU left", "#56B4E9"),
    "lack_cpu": ("too few cores left", "#E69F00"),
    "lack_both": ("too little of both", "#D55E00"),
    "no_access": ("wrong GPU model", "#CC79A7"),
    "cpu_only": ("LS task asks for no GPU", "#BBBBBB"),
}
_STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
    "legend.frameon": False,
    "svg.hashsalt": "paraset",
}
_WIDTH = 9.0
_IDLE_MAP = LinearSegmentedColormap.from_list("idle", ["#E9EDF0", "#9CD3F0", "#0072B2", "#00294D"])
_CORES, _CORES_WORDS = ("#D55E00", "#F5C77E", "#B9DFC9"), ("less than 1", "1 to 4", "more than 4")


def draw_all(outcomes: Sequence[Outcome], folder: Path) -> list[Path]:
    """Draw what the outcomes can show, and return the files; raise OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    moved = any(outcome.samples for outcome in outcomes)
    still: dict[str, Callable[[Sequence[Outcome]], Figure]] = {
        "allocation": allocation,
        "fragments": fragments,
        "nodes": nodes,
    }
    drawings = {"timeline": timeline} if moved else still
    files = []
    with mpl.rc_context(_STYLE):
        for name, draw in drawings.items():
            for scheduler in dict.fromkeys(outcome.run.scheduler for outcome in outcomes):
                several = len({outcome.run.scheduler for outcome in outcomes}) > 1
                file = folder / f"{name}-{scheduler}.svg" if several else folder / f"{name}.svg"
                figure = draw([outcome for outcome in outcomes if outcome.run.scheduler == scheduler])
                figure.savefig(file, metadata={"Date": None})
                files.append(file)
    return files


def allocation(outcomes: Sequence[Outcome]) -> Figure:
    """Draw what is held of GPUs and cores, and what is put to use of idle GPUs, against the LS load."""
    figure = Figure(figsize=(_WIDTH, 3.6), layout="constrained")
    panels: dict[str, Callable[[Holdings], float]] = {
        "GPUs held, %": lambda it: 100 * (it.gpus_ls + it.gpus_filled) / max(it.gpus, 1e-9),
        "Idle GPUs put to use, %": lambda it: 100 * it.gpus_filled / max(it.gpus - it.gpus_ls, 1e-9),
        "Cores held, %": lambda it: 100 * (it.cores_ls + it.cores_filled) / max(it.cores, 1e-9),
    }
    loads = _loads(outcomes)
    for axes, (title, value) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        for policy in _policies(outcomes):
            runs = [[it.run.holdings for it in outcomes if _is(it, policy, load)] for load in loads]
            axes.plot(loads, [np.mean([value(held) for held in each]) for each in runs], **_line(policy))
        axes.set_title(title)
        axes.set_ylim(top=101.5)
        axes.set_xlabel("LS load that has arrived, %")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=len(COLOURS), fontsize=9)
    return figure


def _line(policy: str) -> dict[str, Any]:
    """Return how a policy's line looks: of two that often coincide the one is wide and below, the other narrow."""
    wide = {"linewidth": 5.0, "alpha": 0.55, "solid_capstyle": "round"}
    narrow = {"linewidth": 1.8, "marker": "o", "markersize": 4.5}
    looks: dict[str, dict[str, Any]] = {
        "none": {"linewidth": 2.2, "linestyle": (0, (4, 2))},
        "fixed": wide,
        "shapes": wide,
    }
    label = {"none": "LS work alone", "replicas": "replicas: count follows"}
    label |= {"shapes": "shapes: and shape", "full": "full: and size"}
    return {"label": label.get(policy, policy), "color": COLOURS.get(policy, "#000000")} | looks.get(policy, narrow)


def fragments(outcomes: Sequence[Outcome]) -> Figure:
    """Draw why idle GPUs stay idle, in parts of them, against the LS load, and what fillers leave of them."""
    figure = Figure(figsize=(_WIDTH, 4.0), layout="constrained")
    axes = figure.subplots()
    loads = _loads(outcomes)
    amounts = np.array([_categories([it for it in outcomes if it.run.arrived == load]) for load in loads])
    parts = 100 * amounts / np.maximum(amounts.sum(axis=1, keepdims=True), 1e-9)
    floor = np.zeros(len(loads))
    for column, (label, colour) in enumerate(_WORDS.values()):
        if parts[:, column].any():
            axes.bar(range(len(loads)), parts[:, column], 0.72, bottom=floor, label=label, color=colour)
            floor += parts[:, column]
    for policy in [each for each in ("fixed", "full") if each in _policies(outcomes)]:
        left = [np.mean([_left_idle(it) for it in outcomes if _is(it, policy, load)]) for load in loads]
        style: dict[str, Any] = {"color": "black", "markeredgecolor": "white", "markersize": 9, "linestyle": "none"}
        marker = "v" if policy == "fixed" else "D"
        axes.plot(range(len(loads)), left, marker=marker, label=f"left idle by {policy} fillers", **style)
    axes.set_title("Why idle GPUs stay idle: what a typical LS task lacks there")
    ticks = [f"{load:g} %\n{amount:,.0f}" for load, amount in zip(loads, amounts.sum(axis=1), strict=True)]
    axes.set_xticks(range(len(loads)), ticks)
    axes.set_xlabel("LS load that has arrived, in % of all GPUs; below it how many GPUs are idle")
    axes.set_ylabel("% of the idle GPUs")
    axes.set_ylim(0, 101.5)
    axes.grid(visible=False, axis="x")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), reverse=True)
    return figure


def _categories(outcomes: Sequence[Outcome]) -> Floats:
    """Return the mean of idle GPUs by category, in the order they are drawn."""
    means = np.mean([outcome.fragments for outcome in outcomes], axis=0)
    by_name = dict(zip(CATEGORIES, means, strict=True))
    by_name["cpu_only"] = by_name["cpu_only_fits"] + by_name["cpu_only_lacks_cpu"]
    return np.array([by_name[name] for name in _WORDS])


def _left_idle(outcome: Outcome) -> float:
    held = outcome.run.holdings
    idle = held.gpus - held.gpus_ls
    return 100 * (idle - held.gpus_filled) / idle if idle else 0.0


def nodes(outcomes: Sequence[Outcome]) -> Figure:
    """Draw every GPU of the nodes with idle GPUs, before and after filling by the last policy named."""
    policy, top = _policies(outcomes)[-1], _loads(outcomes)[-1]
    outcome = next(it for it in outcomes if _is(it, policy, top))
    before, after = outcome.before, outcome.after
    shown = np.flatnonzero(before.idle > 0)
    order = shown[np.lexsort((shown, before.idle[shown], before.size[shown].sum(axis=1)))]
    figure = Figure(figsize=(_WIDTH, 5.0), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True, height_ratios=[6, 1, 6])
    for axis, fleet, what in ((axes[0], before, "LS work alone"), (axes[2], after, f"with {policy} fillers")):
        image = axis.imshow(
            _idle_parts(fleet, order), aspect="auto", cmap=_IDLE_MAP, vmin=0, vmax=1, interpolation="nearest"
        )
        axis.set_title(f"{what}: {int(fleet.idle.sum()) / WHOLE_GPU:,.0f} GPUs idle")
        axis.set_ylabel("its GPUs")
    cores = np.digitize(before.cpu[order] / 1000, [1, 4])[None, :]
    axes[1].imshow(cores, aspect="auto", cmap=ListedColormap(_CORES), vmin=0, vmax=2, interpolation="nearest")
    for axis in axes:
        axis.set_yticks([])
        axis.grid(visible=False)
        axis.spines[:].set_visible(False)
    axes[1].set_ylabel("cores", rotation=0, ha="right", va="center")
    axes[2].set_xlabel(f"the {len(order):,} nodes with idle GPUs, by their number of GPUs, then by how much is idle")
    patches = [Patch(color=colour, label=text) for colour, text in zip(_CORES, _CORES_WORDS, strict=True)]
    figure.legend(handles=patches, loc="outside lower center", ncols=3, title="cores that LS work leaves on the node")
    figure.colorbar(image, ax=[axes[0], axes[2]], shrink=0.8, label="idle part of a GPU").outline.set_visible(False)
    return figure


def _idle_parts(fleet: Fleet, order: Ints) -> Floats:
    """Return the idle part of every GPU, a column for each node; what a node does not have is not a number."""
    parts = np.where(fleet.size[order] > 0, fleet.gpu[order] / WHOLE_GPU, np.nan)
    return np.sort(parts, axis=1).T[::-1]


def timeline(outcomes: Sequence[Outcome]) -> Figure:
    """Draw who holds the GPUs over time, a row for each policy that moves."""
    rows = [it for it in outcomes if it.samples and it.run.seed == 0]
    rows = [it for it in rows if it.run.arrived == rows[0].run.arrived]
    figure = Figure(figsize=(_WIDTH, 1.0 + 1.9 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axis, outcome in zip(axes, rows, strict=True):
        _draw_samples(axis, outcome)
    span = rows[0].samples[-1].time - rows[0].samples[0].time
    axes[-1].set_xlabel("hours" if span > 7200 else "seconds")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw_samples(axes: Axes, outcome: Outcome) -> None:
    samples, held = outcome.samples, outcome.run.holdings
    unit = 3600.0 if samples[-1].time - samples[0].time > 7200 else 1.0
    time = [(sample.time - samples[0].time) / unit for sample in samples]
    layers = [
        ("LS pods", _LS, [sample.ls for sample in samples]),
        ("fillers", COLOURS["full"], [sample.fillers for sample in samples]),
        ("fillers on their way out", _LEAVING, [sample.leaving for sample in samples]),
    ]
    axes.stackplot(
        time,
        [values for _, _, values in layers],
        labels=[name for name, _, _ in layers],
        colors=[colour for _, colour, _ in layers],
        step="post",
        linewidth=0,
    )
    axes.axhline(held.gpus, color="#999999", linewidth=0.8)
    axes.step(
        time,
        [sample.waiting for sample in samples],
        where="post",
        color=_WAITING,
        linewidth=1.4,
        label="LS pods that wait ask for",
    )
    ledger = outcome.run.ledger
    wait = f"LS wait p99 {np.percentile(ledger.waits, 99) if ledger.waits else 0:.1f} s"
    axes.set_title(f"{outcome.run.policy}: {wait}, {ledger.evictions} evicted, {ledger.evictions_needed} needed")
    axes.set_ylabel("GPUs")
    axes.set_xlim(time[0], time[-1])
    axes.set_ylim(0, held.gpus * 1.02)


def _loads(outcomes: Sequence[Outcome]) -> list[float]:
    return sorted({outcome.run.arrived for outcome in outcomes})


def _policies(outcomes: Sequence[Outcome]) -> list[str]:
    return list(dict.fromkeys(outcome.run.policy for outcome in outcomes))


def _is(outcome: Outcome, policy: str, load: float) -> bool:
    return outcome.run.policy == policy and outcome.run.arrived == load
