"""The live view: per node who holds its GPUs and cores, the sets, how far the story is, and the last actions with
their reasons.

Laid out for 100 columns by 40 rows; more room shows more of the same. Drawn from the observer's state, four times a
second.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.feed import Feed
from demo.measure import Allocation, allocation
from demo.objects import CPU, GPU, Node, ParaSet, Pod
from demo.observer import Observer
from demo.progress import PhaseState, Progress
from demo.state import ClusterState

LS, FILLER, LEAVING, FREE = "dodger_blue2", "green3", "yellow3", "grey35"
CPU_CELLS = 20
MARKS = {
    PhaseState.WAITING: ("·", "grey50"),
    PhaseState.RUNNING: ("▶", "bold yellow3"),
    PhaseState.DONE: ("✓", "green3"),
    PhaseState.FAILED: ("✗", "bold red"),
}
VERBS = {"fill": FILLER, "grow": FILLER, "shrink": LEAVING, "leave": LEAVING, "LS": LS}
HEADER_ROWS, ACTION_ROWS = 4, 9


@dataclass(frozen=True, slots=True)
class Held:
    """One resource of one node, split by who holds it."""

    ls: int
    filler: int
    leaving: int
    free: int


def split(node: Node, pods: Iterable[Pod], resource: str) -> Held:
    """Who holds a node's resource. Leaving LS pods count as LS until they are gone."""
    total = {LS: 0, FILLER: 0, LEAVING: 0}
    for pod in pods:
        holder = (LEAVING if pod.terminating else FILLER) if pod.is_filler else LS
        total[holder] += pod.requests.get(resource, 0)
    free = max(0, node.allocatable.get(resource, 0) - sum(total.values()))
    return Held(total[LS], total[FILLER], total[LEAVING], free)


def bar(held: Held, cells: int, glyph: str) -> Text:
    """The parts in `cells` cells; cumulative rounding, so that the cells always add up."""
    parts = ((held.ls, LS), (held.filler, FILLER), (held.leaving, LEAVING), (held.free, FREE))
    whole, text, drawn, so_far = sum(amount for amount, _ in parts), Text(), 0, 0
    for amount, style in parts:
        so_far += amount
        upto = round(cells * so_far / whole) if whole else 0
        text.append((glyph if style != FREE else "·") * (upto - drawn), style=style)
        drawn = upto
    return text


class LiveView:
    """`with LiveView(observer, progress, console)`: the screen belongs to the view until the block ends."""

    def __init__(self, observer: Observer, progress: Progress, console: Console) -> None:
        self._observer, self._progress = observer, progress
        self._feed = Feed(observer)
        self._live = Live(self, console=console, screen=True, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self._feed.update()
        height = options.height or console.height
        with self._observer.lock:
            nodes = _nodes(self._observer.state, rows=height - HEADER_ROWS - ACTION_ROWS - 3)
            sets = _sets(self._observer.state)
            cluster = self._observer.read(allocation)
        layout = Layout()
        layout.split_column(
            Layout(_header(self._progress, cluster), size=HEADER_ROWS),
            Layout(name="middle"),
            Layout(
                Panel(_actions(self._feed, ACTION_ROWS - 2), title="last actions", title_align="left"), size=ACTION_ROWS
            ),
        )
        layout["middle"].split_row(
            Layout(Panel(nodes, title="nodes", title_align="left"), ratio=62),
            Layout(name="right", ratio=38),
        )
        layout["right"].split_column(
            Layout(Panel(_phases(self._progress), title="story", title_align="left"), ratio=1),
            Layout(Panel(sets, title="ParaSets", title_align="left"), size=8),
            Layout(Panel(_legend(), title="legend", title_align="left"), size=6),
        )
        yield layout


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _header(progress: Progress, cluster: Allocation) -> Panel:
    phase = progress.current
    line = Text.assemble((phase.title if phase else "the end", "bold"), overflow="ellipsis", no_wrap=True)
    note = Text(
        phase.note if phase and phase.note != phase.title else "", style="grey70", overflow="ellipsis", no_wrap=True
    )
    shares = "  ".join(
        f"{name} {cluster.share(key, with_fillers=True):.0%}" for name, key in (("GPU", GPU), ("CPU", CPU))
    )
    title = f"ParaSet demo  {_clock(progress.elapsed())}  held: {shares}"
    return Panel(Text("\n").join([line, note]), title=title, title_align="left", style="", border_style="bold")


def _nodes(state: ClusterState, rows: int) -> Table:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="grey50")
    table.add_column("node", no_wrap=True, ratio=1)
    table.add_column("model", no_wrap=True, width=8)
    table.add_column("GPU", no_wrap=True, width=8)
    table.add_column("cores", no_wrap=True, width=CPU_CELLS)
    table.add_column("BE", no_wrap=True, justify="right", width=3)
    names = sorted(state.nodes, key=lambda name: (-state.nodes[name].allocatable.get(GPU, 0), name))
    for name in names[: rows if len(names) <= rows else rows - 1]:
        table.add_row(*_node(state, state.nodes[name]))
    if len(names) > rows:
        table.add_row(Text(f"and {len(names) - rows + 1} more", style="grey50"))
    return table


def _node(state: ClusterState, node: Node) -> Sequence[Text | str]:
    pods = list(state.on_node[node.name].values())
    style = "strike red" if node.unschedulable else "" if node.ready else "red"
    fillers = sum(1 for pod in pods if pod.is_filler)
    return (
        Text(node.name.removeprefix("openb-"), style=style),
        Text(node.labels.get("node.paraset.io/gpu-model", "-"), style="grey70"),
        bar(split(node, pods, GPU), min(8, node.allocatable.get(GPU, 0)), "■"),
        bar(split(node, pods, CPU), CPU_CELLS, "━"),
        str(fillers) if fillers else "",
    )


def _sets(state: ClusterState) -> Table:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="grey50")
    table.add_column("set", no_wrap=True, ratio=1)
    for title in ("fillers", "GPUs", "cores"):
        table.add_column(title, no_wrap=True, justify="right")
    for paraset in sorted(state.sets.values(), key=lambda each: (each.namespace, each.name)):
        table.add_row(*_set(state, paraset))
    table.add_row("[grey50]LS waiting", str(len(state.waiting)), "", "")
    return table


def _set(state: ClusterState, paraset: ParaSet) -> Sequence[str]:
    pods = [state.pods[key] for key in state.fillers_of[paraset.uid]]
    bound = [pod for pod in pods if pod.node]
    held = [sum(pod.requests.get(resource, 0) for pod in bound) for resource in (GPU, CPU)]
    return paraset.name, f"{len(bound)}/{paraset.replicas}", str(held[0]), f"{held[1] / 1000:.0f}"


def _phases(progress: Progress) -> Table:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(width=1)
    table.add_column(ratio=1, no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    now = time.monotonic()
    for phase in progress.phases:
        mark, style = MARKS[phase.state]
        seconds = "" if phase.state is PhaseState.WAITING else f"{phase.seconds(now):.0f} s"
        table.add_row(Text(mark, style=style), Text(phase.name, style=style), Text(seconds, style="grey50"))
    return table


def _legend() -> Text:
    return Text("\n").join(
        Text.assemble((f"{glyph} ", style), words)
        for glyph, style, words in (
            ("■", LS, "latency-sensitive (LS)"),
            ("■", FILLER, "fillers (best effort)"),
            ("■", LEAVING, "fillers on their way out"),
            ("·", FREE, "free"),
        )
    )


def _actions(feed: Feed, rows: int) -> Table:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(justify="right", width=5)
    table.add_column(width=10, no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    now = time.monotonic()
    for line in list(feed.lines)[-rows:]:
        style = VERBS.get(line.verb, "magenta")
        table.add_row(Text(f"-{now - line.at:.0f}s", style="grey50"), Text(line.verb, style=style), Text(line.words()))
    return table
