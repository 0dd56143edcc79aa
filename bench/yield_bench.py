"""LS waits on an empty cluster, with native preemption, and with ParaSet: `make bench-yield ARGS="--nodes 50 --ls 40
--exit 2"`.

A cluster full of fillers meets a burst of LS pods. The systems alternate within each round, and native preemption and
ParaSet swap places from round to round, because timings drift from run to run by a third and more; only medians of
several rounds are compared. How the runs are kept comparable stands in bench/lab.py.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml
from rich.console import Console

from bench.lab import BenchmarkError, Lab, Row, Settings
from bench.report import as_json, table
from bench.scenarios import FILLER_NAMESPACE, SCENARIOS, Scenario
from demo.install import install, operator_of
from demo.observer import Observer
from demo.operator_process import OperatorError
from devcluster import ClusterSettings, LocalCluster
from devcluster.cli import EXPECTED

SYSTEMS = ("empty", "native", "paraset")
LOG_COLUMNS = 120
RESULTS = Path(__file__).resolve().parent / "results" / "yield.json"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.yield_bench", description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=200, help="nodes of 8 GPUs and 96 cores (default 200)")
    parser.add_argument("--ls", type=int, default=200, help="LS pods of the burst (default 200)")
    parser.add_argument("--rate", type=float, default=20.0, help="LS pods per second (default 20)")
    parser.add_argument("--exit", type=float, default=10.0, help="seconds a victim takes to exit (default 10)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each system (default 3)")
    parser.add_argument(
        "--scenario", choices=[*SCENARIOS, "all"], default="gpu", help="what the LS pods lack (default gpu)"
    )
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="some of empty,native,paraset (default all)")
    parser.add_argument(
        "--deadline", type=float, default=120.0, help="seconds to wait for the last LS pod (default 120)"
    )
    parser.add_argument(
        "--json", type=Path, default=RESULTS, help="where the rows go (default bench/results/yield.json)"
    )
    options = parser.parse_args(argv)
    if unknown := set(options.systems.split(",")) - set(SYSTEMS):
        parser.error(f"--systems: {', '.join(sorted(unknown))} is none of {', '.join(SYSTEMS)}")
    return options


def order(systems: Sequence[str], round_number: int) -> list[str]:
    """The systems of one round: `empty` first, since nothing has to be cleared for it then, the others taking turns
    to begin.
    """
    first = [system for system in systems if system == "empty"]
    others = [system for system in systems if system != "empty"]
    return first + (others if round_number % 2 else others[::-1])


def run_scenario(scenario: Scenario, options: argparse.Namespace, console: Console) -> list[Row]:
    """All rounds of one scenario on a cluster of its own."""
    settings = Settings(options.nodes, options.ls, options.exit, options.rate, options.deadline)
    rows: list[Row] = []

    def say(line: str) -> None:
        console.print(line, style="grey50", soft_wrap=True)

    with LocalCluster(ClusterSettings(nodes=scenario.nodes(options.nodes), audit=False)) as cluster:
        install(cluster)
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": FILLER_NAMESPACE}}
        cluster.apply(yaml.safe_dump(namespace))
        with Observer(cluster.kubeconfig) as observer, operator_of(cluster, identity="bench") as operator:
            lab = Lab(cluster, observer, operator, scenario, settings, say)
            for round_number in range(1, options.runs + 1):
                for system in order(options.systems.split(","), round_number):
                    rows.append(lab.run(system, round_number))
                    console.print(_line(rows[-1]), highlight=False, soft_wrap=True)
    return rows


def _line(row: Row) -> str:
    return (
        f"{row.scenario} {row.system} run {row.run}: {row.bound}/{row.ls} bound, p50 {row.p50_s:.3f} s, "
        f"p99 {row.p99_s:.3f} s, {row.evicted} evicted ({row.needed} needed), {row.shrinks} shrinks"
    )


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    console = Console(width=None if sys.stdout.isatty() else LOG_COLUMNS)
    scenarios = list(SCENARIOS.values()) if options.scenario == "all" else [SCENARIOS[options.scenario]]
    rows: list[Row] = []
    try:
        for scenario in scenarios:
            rows += run_scenario(scenario, options, console)
    except (BenchmarkError, OperatorError, *EXPECTED) as error:
        for words in (str(error), *getattr(error, "__notes__", ())):
            console.print(words, style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted; everything has been stopped")
        return 130
    console.print(table(rows))
    settings = {key: value for key, value in vars(options).items() if key != "json"}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(as_json(rows, settings), indent=2) + "\n")
    console.print(f"written to {options.json}", highlight=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
