"""Nodes and pods of a real cluster, from CSV files of the kind of the `openb` trace (traces/README.md: source, licence,
columns).
"""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from devcluster.settings import NodeSpec

FOLDER = Path(__file__).parent / "traces"
NODES = FOLDER / "openb_node_list_all_node.csv"
PODS = FOLDER / "openb_pod_list_default.csv"

Row = TypeVar("Row")


class TraceError(ValueError):
    """A trace file is not what it should be; the message names the file, the line and the column."""


@dataclass(frozen=True, slots=True)
class OpenbPod:
    """One pod of the trace. CPU in thousandths of a core, memory in MiB; `gpu_milli` is per GPU, in thousandths; times
    in seconds.
    """

    name: str
    cpu_milli: int
    memory_mib: int
    num_gpu: int
    gpu_milli: int
    gpu_models: tuple[str, ...]
    qos: str
    phase: str
    creation_time: int
    deletion_time: int
    scheduled_time: int | None

    @property
    def shares_gpu(self) -> bool:
        """Whether the pod asks for a part of a GPU."""
        return self.num_gpu > 0 and self.gpu_milli < 1000


def read_openb_nodes(path: Path | None = None) -> list[NodeSpec]:
    """The nodes of a trace in the order of the file; by default all 1,523 of `openb`."""
    return [_node(row) for row in _rows(path or NODES)]


def read_openb_pods(path: Path | None = None) -> list[OpenbPod]:
    """The pods of a trace in the order of the file; by default all 8,152 of `openb`."""
    return [_pod(row) for row in _rows(path or PODS)]


def sample(rows: Sequence[Row], count: int, seed: int) -> list[Row]:
    """`count` different rows in the order of the file; the same seed gives the same rows."""
    if count > len(rows):
        raise TraceError(f"cannot draw {count} rows from {len(rows)}")
    chosen = sorted(random.Random(seed).sample(range(len(rows)), count))  # noqa: S311  repeatable on purpose
    return [rows[index] for index in chosen]


class _Row:
    """One line of a file, whose errors say where they are."""

    def __init__(self, path: Path, line: int, values: dict[str, str | None]) -> None:
        self._where = f"{path}, line {line}"
        self._values = values

    def text(self, column: str) -> str:
        value = self._values.get(column)
        if value is None:
            raise TraceError(f"{self._where}: the column {column!r} is missing")
        return value.strip()

    def number(self, column: str) -> int:
        try:
            return int(self.text(column))
        except ValueError as error:
            raise TraceError(f"{self._where}: {column} must be a whole number, not {self.text(column)!r}") from error


def _rows(path: Path) -> list[_Row]:
    with path.open(newline="") as file:
        return [_Row(path, line, values) for line, values in enumerate(csv.DictReader(file), start=2)]


def _node(row: _Row) -> NodeSpec:
    return NodeSpec(
        name=row.text("sn"),
        cpu_milli=row.number("cpu_milli"),
        memory_mib=row.number("memory_mib"),
        gpus=row.number("gpu"),
        model=row.text("model"),
    )


def _pod(row: _Row) -> OpenbPod:
    return OpenbPod(
        name=row.text("name"),
        cpu_milli=row.number("cpu_milli"),
        memory_mib=row.number("memory_mib"),
        num_gpu=row.number("num_gpu"),
        gpu_milli=row.number("gpu_milli"),
        gpu_models=tuple(filter(None, row.text("gpu_spec").split("|"))),
        qos=row.text("qos"),
        phase=row.text("pod_phase"),
        creation_time=row.number("creation_time"),
        deletion_time=row.number("deletion_time"),
        scheduled_time=row.number("scheduled_time") if row.text("scheduled_time") else None,
    )
