"""Nodes and pods of a cluster trace, from tables of the `openb` kind (docs/simulate.md lists the columns).

Amounts become the planner's integers here: CPU in 1/1000 core, memory in bytes, GPUs in 1/1000 of a device.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from paraset_operator.simulation.rows import Row, read_rows

_OPENB = Path(__file__).parent / "traces" / "openb"
OPENB_GPU_NODES = str(_OPENB / "openb_node_list_gpu_node.csv")
OPENB_ALL_NODES = str(_OPENB / "openb_node_list_all_node.csv")
OPENB_PODS = str(_OPENB / "openb_pod_list_default.csv")

WHOLE_GPU = 1000
BEST_EFFORT = "BE"
_NODE_COLUMNS = ("sn", "cpu_milli", "memory_mib", "gpu", "model")
_POD_COLUMNS = ("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli")
_TIME_COLUMNS = ("creation_time", "deletion_time")
_MIB = 2**20
_MOST_CPU, _MOST_MEMORY, _MOST_GPUS, _LATEST = 10**9, 2**33, 256, 10**12


@dataclass(frozen=True, slots=True)
class Task:
    """What a pod asks for: `share` of each of `gpus` devices, below 1000 only of one; `models` allowed, none: any."""

    cpu: int
    memory: int
    gpus: int = 0
    share: int = 0
    models: tuple[str, ...] = ()

    @property
    def gpu_milli(self) -> int:
        """All it asks of GPUs, in 1/1000."""
        return self.gpus * self.share

    @property
    def is_shared(self) -> bool:
        """Whether it asks for a part of one GPU."""
        return self.gpus == 1 and self.share < WHOLE_GPU


@dataclass(frozen=True, slots=True)
class TraceNode:
    """A node: CPU in 1/1000 core, memory in bytes, GPUs in pieces."""

    name: str
    cpu: int
    memory: int
    gpus: int
    model: str = ""


@dataclass(frozen=True, slots=True)
class TracePod:
    """A pod of a trace; times in seconds since its start, None where the table does not say."""

    name: str
    task: Task
    qos: str = ""
    created: int | None = None
    scheduled: int | None = None
    deleted: int | None = None

    @property
    def is_best_effort(self) -> bool:
        """Whether the trace calls it best effort."""
        return self.qos == BEST_EFFORT


def read_nodes(path: str) -> list[TraceNode]:
    """Return the nodes of a table in its order; raise TraceError."""
    names: dict[str, int] = {}
    return [_node(row, names) for row in read_rows(path, _NODE_COLUMNS)]


def _node(row: Row, names: dict[str, int]) -> TraceNode:
    return TraceNode(
        name=_unique(row, "sn", names),
        cpu=row.number_in("cpu_milli", _MOST_CPU),
        memory=row.number_in("memory_mib", _MOST_MEMORY) * _MIB,
        gpus=row.number_in("gpu", _MOST_GPUS),
        model=row.text("model"),
    )


def read_pods(path: str, models: Collection[str], *, timed: bool = False, with_qos: bool = False) -> list[TracePod]:
    """Return the pods of a table in its order; `models` are those the nodes have; raise TraceError.

    `timed` asks for the columns of times, `with_qos` for that of the class: without, they may be missing.
    """
    columns = (*_POD_COLUMNS, *(("qos",) if with_qos else ()), *(_TIME_COLUMNS if timed else ()))
    return [*_pods(path, columns, models, timed=timed)]


def _pods(path: str, columns: tuple[str, ...], models: Collection[str], *, timed: bool) -> Iterator[TracePod]:
    names: dict[str, int] = {}
    tasks: dict[Task, Task] = {}
    for row in read_rows(path, columns):
        task = _task(row, models)
        times = _times(row) if timed else (None, None, None)
        yield TracePod(_unique(row, "name", names), tasks.setdefault(task, task), row.text("qos"), *times)


def _task(row: Row, models: Collection[str]) -> Task:
    gpus = row.number_in("num_gpu", _MOST_GPUS)
    share = row.number_in("gpu_milli", WHOLE_GPU)
    if gpus and not share:
        raise row.error("gpu_milli", "is 0, but num_gpu is not: give what is asked of each GPU, 1 to 1000")
    if gpus > 1 and share != WHOLE_GPU:
        raise row.error("gpu_milli", f"is {share} of each of {gpus} GPUs: give 1000 where num_gpu is more than 1")
    allowed = _models(row, models)
    return Task(
        cpu=row.number_in("cpu_milli", _MOST_CPU),
        memory=row.number_in("memory_mib", _MOST_MEMORY) * _MIB,
        gpus=gpus,
        share=share if gpus else 0,
        models=allowed if gpus else (),
    )


def _models(row: Row, models: Collection[str]) -> tuple[str, ...]:
    wanted = sorted({model.strip() for model in row.text("gpu_spec").split("|")} - {""})
    for model in wanted:
        if model not in models:
            known = ", ".join(sorted(set(models) - {""})) or "none"
            raise row.error("gpu_spec", f"no node has a GPU of model {model!r}: the nodes have {known}")
    return tuple(wanted)


def _times(row: Row) -> tuple[int, int | None, int | None]:
    created = row.number_in("creation_time", _LATEST)
    scheduled = row.optional_number("scheduled_time", _LATEST)
    deleted = row.optional_number("deletion_time", _LATEST)
    begun = created if scheduled is None else scheduled
    if deleted is not None and deleted < begun:
        raise row.error("deletion_time", f"{deleted} is before the pod began at {begun}")
    return created, scheduled, deleted


def _unique(row: Row, column: str, names: dict[str, int]) -> str:
    name = row.name(column)
    if name in names:
        raise row.error(column, f"{name!r} is the name of row {names[name]} already: names must differ")
    names[name] = row.number
    return name
