"""Small clusters and workloads for tests of the simulator, in short calls: cores, GiB and GPUs in."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from paraset_operator.cli import main
from paraset_operator.simulation.fgd import TargetWorkload, target_workload
from paraset_operator.simulation.fleet import Fleet, fleet_of
from paraset_operator.simulation.scenario import nodes_of_table
from paraset_operator.simulation.trace_tables import Task, TraceNode

GIB = 2**30
NODE_HEADER = ("sn", "cpu_milli", "memory_mib", "gpu", "model")
POD_HEADER = ("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "gpu_spec", "qos")
TIMES = ("creation_time", "deletion_time", "scheduled_time")


def node(name: str = "n1", cpu: float = 8, memory: float = 32, gpus: int = 0, model: str = "") -> TraceNode:
    return TraceNode(name, round(cpu * 1000), round(memory * GIB), gpus, model)


def task(cpu: float = 1, gpu: float = 0, memory: float = 1, models: tuple[str, ...] = ()) -> Task:
    """Return a task that asks for a part of a GPU, or for whole ones."""
    gpus, share = (1, round(gpu * 1000)) if 0 < gpu < 1 else (int(gpu), 1000 if gpu else 0)
    return Task(round(cpu * 1000), round(memory * GIB), gpus, share, models)


def fleet(*nodes: TraceNode) -> Fleet:
    return fleet_of(nodes_of_table(nodes))


def workload(*tasks: Task) -> TargetWorkload:
    return target_workload(tasks)


def table(header: Sequence[str], *rows: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def nodes_table(count: int = 3, gpus: int = 4, cpu: int = 32, memory: int = 128, model: str = "G2") -> str:
    rows = [(f"node-{number}", cpu * 1000, memory * 1024, gpus, model) for number in range(count)]
    return table(NODE_HEADER, *rows)


def pods_table() -> str:
    """Return a mix of LS tasks that leaves parts of GPUs, and cores, idle."""
    kinds = [(2, 4, 1, 470), (4, 8, 1, 810), (6, 16, 1, 1000), (3, 8, 0, 0), (8, 32, 2, 1000)]
    rows = [
        (f"pod-{index}", cpu * 1000, memory * 1024, gpus, milli, "", "LS")
        for index, (cpu, memory, gpus, milli) in enumerate(kinds)
    ]
    return table(POD_HEADER, *rows)


def written(folder: Path, nodes: str | None = None, pods: str | None = None) -> list[str]:
    """Write both tables; return the options that name them."""
    (folder / "nodes.csv").write_text(nodes or nodes_table(), encoding="utf-8")
    (folder / "pods.csv").write_text(pods or pods_table(), encoding="utf-8")
    return ["--nodes", str(folder / "nodes.csv"), "--pods", str(folder / "pods.csv")]


def runs_of(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    """Run `paraset simulate` and return its runs."""
    assert main(["simulate", *options, "--json", "-"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert isinstance(runs, list)
    return runs


def without_times(run: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in run.items() if not name.startswith("plan_ms_")}
