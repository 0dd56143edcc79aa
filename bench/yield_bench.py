"""LS waits on an empty cluster, with native preemption, and with ParaSet: `make bench-yield ARGS="--runs 3 --exit 10"`.

A cluster full of fillers meets LS pods: a steady stream, a burst, the surge of a production trace, or pods that lack
only cores. The systems alternate within each round, and all but `empty` go forth and back from round to round, because
timings drift from run to run by a third and more; only medians of several rounds are compared. docs/bench-yield.md says
how to read what comes out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from rich.console import Console

from bench.figures import Row
from bench.lab import BenchmarkError, Lab, Settings, SystemMissingError
from bench.report import as_json, gates_table, table
from bench.scenarios import FILLER_NAMESPACE, GPUS, SCENARIOS, Scenario, nodes
from bench.systems import SYSTEMS, order
from bench.yield_plot import plot
from demo.install import install, operator_of
from demo.observer import Observer
from demo.operator_process import OperatorError
from devcluster import ClusterSettings, LocalCluster
from devcluster.cli import EXPECTED

LOG_COLUMNS = 150
RESULTS = Path(__file__).resolve().parent / "results" / "yield.json"
QUICK = {
    "nodes": 8,
    "ls": 16,
    "exit": 1.0,
    "scenario": "burst,cpu",
    "systems": "empty,native,paraset,headroom,killed",
}
FULL = {"nodes": 200, "ls": 200, "exit": 10.0, "scenario": "all", "systems": ""}


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.yield_bench", description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, help="nodes of 8 GPUs and 96 cores (default 200)")
    parser.add_argument("--ls", type=int, help="LS pods of a run (default 200; the trace has 79)")
    parser.add_argument("--exit", type=float, help="seconds a victim takes to exit (default 10)")
    parser.add_argument(
        "--scenario", help=f"some of {','.join(SCENARIOS)}, or all but mixed, humble and day (default all)"
    )
    parser.add_argument("--systems", help=f"some of {','.join(SYSTEMS)} (default those of each scenario)")
    parser.add_argument("--runs", type=int, default=1, help="rounds; a verdict takes 3 (default 1)")
    parser.add_argument("--seed", type=int, default=1, help="which LS pods come (default 1)")
    parser.add_argument("--quick", action="store_true", help="8 nodes, 16 LS pods, exit 1 s: 3 minutes at most")
    parser.add_argument("--deadline", type=float, default=120.0, help="seconds to wait for the last LS pod")
    parser.add_argument(
        "--audit", action="store_true", help="take creation to DELETE from an audit log, which costs time"
    )
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the rows go (bench/results/yield.json)")
    parser.add_argument("--plot", type=Path, help="where the figure goes (default beside the rows, .png)")
    options = parser.parse_args(argv)
    for name, value in (QUICK if options.quick else FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    usual = [name for name, each in SCENARIOS.items() if not each.is_extra]
    options.scenario = usual if options.scenario == "all" else options.scenario.split(",")
    options.systems = [name for name in options.systems.split(",") if name]
    for option, known in (("scenario", SCENARIOS), ("systems", SYSTEMS)):
        if unknown := set(getattr(options, option)) - set(known):
            parser.error(f"--{option}: {', '.join(sorted(unknown))} is none of {', '.join(known)}")
    # Those of a day leave again.
    if options.ls > options.nodes * GPUS // 2 and options.scenario != ["day"]:
        parser.error(f"--ls: {options.ls} LS pods are too many for {options.nodes} nodes; at most 4 a node")
    return options


def run(options: argparse.Namespace, console: Console) -> Iterator[Row | str]:
    """All rounds of all scenarios on one cluster; yields rows, and in words what had to be left out."""
    settings = Settings(options.nodes, options.ls, options.exit, options.seed, options.deadline, options.audit)

    def say(line: str) -> None:
        console.print(line, style="grey50", soft_wrap=True)

    with LocalCluster(ClusterSettings(nodes=nodes(options.nodes), audit=options.audit)) as cluster:
        install(cluster)
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": FILLER_NAMESPACE}}
        cluster.apply(yaml.safe_dump(namespace))
        with Observer(cluster.kubeconfig) as observer, operator_of(cluster, identity="bench") as operator:
            lab = Lab(cluster, observer, operator, settings, say)
            for scenario, round_number, system in _runs(options):
                try:
                    yield lab.run(scenario, SYSTEMS[system], round_number)
                except SystemMissingError as error:
                    yield f"{scenario.name} {system} is left out: {error}"


def _runs(options: argparse.Namespace) -> Iterator[tuple[Scenario, int, str]]:
    for name in options.scenario:
        for round_number in range(1, options.runs + 1):
            for system in order(options.systems or SCENARIOS[name].systems, round_number):
                yield SCENARIOS[name], round_number, system


def _line(row: Row) -> str:
    return (
        f"{row.scenario} {row.system} run {row.run}: {row.bound}/{row.ls} bound, p50 {row.p50_s:.3f} s, "
        f"p99 {row.p99_s:.3f} s, {row.evicted} evicted ({row.needed} needed), {row.shrinks} shrinks"
    )


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    console = Console(width=None if sys.stdout.isatty() else LOG_COLUMNS)
    rows, skipped = list[Row](), list[str]()
    try:
        for found in run(options, console):
            if isinstance(found, Row):
                rows.append(found)
                console.print(_line(found), highlight=False, soft_wrap=True)
            else:
                skipped.append(found)
                console.print(found, style="yellow", markup=False, soft_wrap=True)
            _write(options, rows, skipped)
    except (BenchmarkError, OperatorError, *EXPECTED) as error:
        for words in (str(error), *getattr(error, "__notes__", ())):
            console.print(words, style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted; everything has been stopped")
        return 130
    console.print(table(rows))
    console.print(gates_table(rows))
    figure = options.plot or options.json.with_suffix(".png")
    plot(rows, figure)
    console.print(f"written to {options.json} and {figure}", highlight=False, soft_wrap=True)
    return 0


def _write(options: argparse.Namespace, rows: Sequence[Row], skipped: Sequence[str]) -> None:
    """Write after each run, so that an interrupted one leaves what it has."""
    settings = {key: value for key, value in vars(options).items() if key not in ("json", "plot")}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(as_json(rows, settings, skipped), indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
