"""The planner against a certified bound, against simpler fillers, and against the clock: `make bench-planner
ARGS="--quick"`.

Every regime is a cluster without fillers; the planner's creates are what is judged. The bound is proven by
bench/oracle: prices for what couples the nodes, and each node solved exactly. Times are taken afterwards, when no
solver runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench.oracle.pool import SolverPool
from bench.planner_fairness import fairness_rows
from bench.planner_instances import REGIMES
from bench.planner_quality import study, tightness
from bench.planner_report import (
    Results,
    as_json,
    exponents,
    fairness_table,
    memory_line,
    quality_table,
    tightness_table,
    timing_table,
    worst_lines,
)
from bench.planner_timing import memory, timings

RESULTS = Path(__file__).resolve().parent / "results" / "planner.json"
LOG_COLUMNS = 120
SIZES, QUICK_SIZES = (1000, 5000, 10_000), (200, 1000)
NODES, QUICK_NODES = 1200, 200


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.planner_bench", description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, help=f"nodes of each regime (default {NODES})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_NODES} nodes, and times of small clusters")
    parser.add_argument("--regime", action="append", choices=[*REGIMES], help="only this regime; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="what the clusters are drawn with (default 1)")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="show the N nodes that lose most")
    clocked = parser.add_mutually_exclusive_group()
    clocked.add_argument("--no-times", action="store_true", help="leave out times, memory and fairness")
    clocked.add_argument("--times", action="store_true", help="only times, memory and fairness; writes no JSON")
    parser.add_argument("--no-gaps", action="store_true", help="leave out how tight the bound is")
    parser.add_argument("--json", type=Path, default=RESULTS, help="default bench/results/planner.json")
    options = parser.parse_args(argv)
    if options.nodes is None:
        options.nodes = QUICK_NODES if options.quick else NODES
    if options.nodes < 1:
        parser.error("--nodes: give 1 or more")
    return options


def quality(options: argparse.Namespace, console: Console, results: Results) -> None:
    """Plan every regime that is asked for; say at once how near the plan comes, and where it loses if that is asked."""
    with SolverPool() as pool:
        for regime in options.regime or REGIMES:
            started = time.perf_counter()
            found = study(regime, options.nodes, options.seed, pool)
            results.rows += found.rows
            line = f"{regime}: {found.certificate.fraction * 100:.2f} % of the bound"
            console.print(f"{line} ({time.perf_counter() - started:.0f} s)", style="grey50", highlight=False)
            for words in worst_lines(found, options.worst) if options.worst else ():
                console.print(f"  {words}", style="grey50", highlight=False, markup=False, soft_wrap=True)
        console.print(quality_table(results.rows))
        if not options.no_gaps:
            regimes = options.regime or REGIMES
            results.gaps += [tightness(regime, options.nodes, options.seed, pool) for regime in regimes]
            console.print(tightness_table(results.gaps))


def clock(options: argparse.Namespace, console: Console, results: Results) -> None:
    """Take times and memory, and see who gets how much."""
    sizes = QUICK_SIZES if options.quick else SIZES
    results.times += timings(sizes)
    console.print(timing_table(results.times))
    grows = ", ".join(f"{kind} as nodes^{power:.2f}" for kind, power in exponents(results.times).items())
    console.print(f"time grows: {grows}", highlight=False)
    results.memory.append(memory(sizes[-1]))
    console.print(memory_line(results.memory[0]), highlight=False)
    results.fairness += fairness_rows(options.nodes)
    console.print(fairness_table(results.fairness))


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    console = Console(width=None if sys.stdout.isatty() else LOG_COLUMNS)
    results = Results()
    try:
        if not options.times:
            quality(options, console, results)
        if not options.no_times:
            clock(options, console, results)
    except KeyboardInterrupt:
        console.print("interrupted; everything has been stopped")
        return 130
    if options.times:
        return 0
    settings = {key: value for key, value in vars(options).items() if key != "json"}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(as_json(results, settings), indent=2) + "\n")
    console.print(f"written to {options.json}", highlight=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
