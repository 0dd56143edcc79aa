"""How long the urgent path takes to decide: LS pods on a full cluster, `python -m bench.urgent_bench`.

Pure: a planner that has seen the cluster gets a picture with LS pods that wait, and says whom to evict. That is the
part of "event to DELETE sent" that grows with the cluster; what the operator adds is in `paraset_urgent_seconds`, read
by `make bench-yield`. `--digest` prints a hash of the releases of many small clusters: a change that shall only be
quicker must not change it.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import pstats
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bench.urgent_cases import KINDS, NOW, full_cluster, with_waiting
from paraset_operator.model.plan import Release
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.planner import Planner

COUNTS = (1, 10, 100, 200)
MOMENT = Moment(NOW, NOW)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.urgent_bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--nodes", type=int, default=1000, help="nodes of 8 GPUs, each full of 8 fillers (default 1000)"
    )
    parser.add_argument("--runs", type=int, default=7, help="runs of each case; medians count (default 7)")
    parser.add_argument(
        "--profile", metavar="KIND:COUNT", help="show where the time of one case goes, such as same:200"
    )
    return parser.parse_args(argv)


def timed(snapshot: Snapshot, count: int, kind: str, runs: int) -> tuple[float, int]:
    """Return the median milliseconds of one urgent plan and how many releases it has.

    Before each run the planner has seen the cluster without these pods, and one plan has warmed it up.
    """
    planner, times, releases = Planner(), [], 0
    for run in range(runs + 1):
        planner.plan_yield(with_waiting(snapshot, 1, kind, seed=1000 + run), MOMENT)
        waiting = with_waiting(snapshot, count, kind, seed=run)
        started = time.process_time()
        made = planner.plan_yield(waiting, replace(MOMENT, wall=NOW + run))
        times.append((time.process_time() - started) * 1000)
        releases = len(made)
    return median(times[1:]), releases


def digest(releases: Sequence[Release]) -> str:
    """Return a short hash of all that releases say."""
    return hashlib.sha256(repr(releases).encode()).hexdigest()[:16]


def profiled(snapshot: Snapshot, count: int, kind: str) -> None:
    planner = Planner()
    planner.plan_yield(with_waiting(snapshot, 1, kind, seed=1), MOMENT)
    profile = cProfile.Profile()
    waiting = with_waiting(snapshot, count, kind)
    profile.runcall(planner.plan_yield, waiting, MOMENT)
    pstats.Stats(profile, stream=sys.stdout).sort_stats("cumulative").print_stats(25)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    snapshot = full_cluster(options.nodes)
    if options.profile:
        kind, _, count = options.profile.partition(":")
        profiled(snapshot, int(count or 1), kind)
        return 0
    table = Table(title=f"urgent plan, ms of CPU time; {options.nodes} nodes", box=SIMPLE_HEAD, header_style="grey50")
    for title in ("LS pods", *(f"{count}" for count in COUNTS), "digest"):
        table.add_column(title, justify="right", no_wrap=True)
    for kind in KINDS:
        cells = [timed(snapshot, count, kind, options.runs) for count in COUNTS]
        last = Planner().plan_yield(with_waiting(snapshot, COUNTS[-1], kind), MOMENT)
        table.add_row(kind, *(f"{ms:.1f}" for ms, _ in cells), digest(last))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
