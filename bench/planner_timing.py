"""How long a plan takes, and how much memory, on clusters of 1,000 to 10,000 nodes.

Everything runs in a process of its own, pinned to one core; of several runs the median counts.

- first: a planner that has seen nothing fills a cluster without fillers, of which no sums are known
- full: the same where the sums over each node's pods are known, as the operator's cache keeps them
- one set: as full, where one set with 27 shapes has all to itself and nothing couples the nodes
- steady: a new planner looks at the full cluster, and has nothing to do
- same: it looks again, and nothing has changed
- dirty: one LS pod has ended on each of 100 nodes
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np

from bench.planner_instances import instance
from bench.planner_replay import carried_out, disturbed, replan, unseen
from paraset_operator.cli.blas import one_thread
from paraset_operator.model.plan import Plan
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.planner import Planner, plan

REGIME = "skewed-weights"
RUNS = 5
DIRTY = 100


@dataclass(frozen=True, slots=True)
class Timing:
    """The median of several plans, and how many actions the last of them had."""

    kind: str
    nodes: int
    ms: float
    actions: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Peak resident memory in MiB: of the modules, with the snapshot, and once a plan has been made."""

    nodes: int
    modules: float
    snapshot: float
    plan: float


def timings(sizes: Sequence[int], dirty: int = DIRTY) -> list[Timing]:
    """Return plan times for all sizes."""
    with _process() as process:
        return process.submit(_timings, list(sizes), dirty).result()


def memory(nodes: int) -> Memory:
    """Return the peak memory of one plan in a fresh process."""
    with _process() as process:
        return process.submit(_memory, nodes).result()


def _process() -> ProcessPoolExecutor:
    """Return a process of its own, in which numpy has as many threads as in the operator."""
    one_thread()
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def exponent(times: Sequence[Timing]) -> float:
    """Return x where time grows as nodes^x, by the least squares of the logarithms."""
    points = np.log([[each.nodes, each.ms] for each in times])
    return float(np.polyfit(points[:, 0], points[:, 1], 1)[0])


def _timings(sizes: Sequence[int], dirty: int) -> list[Timing]:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return [each for nodes in sizes for each in _of_size(nodes, dirty)]


def _of_size(nodes: int, dirty: int) -> Iterator[Timing]:
    empty, alone = instance(REGIME, nodes), instance("one-set", nodes)
    yield _timed("first", nodes, lambda _: _once(unseen(empty)))
    first = plan(empty)
    yield _timed("full", nodes, lambda _: _once(empty))
    yield _timed("one set", nodes, lambda _: _once(alone))
    full = carried_out(empty, first)
    plan(full)
    yield _timed("steady", nodes, lambda _: _once(full))
    planner = Planner()
    planner.plan(full)
    yield _timed("same", nodes, lambda _: partial(replan, planner, full))
    changed = [disturbed(full, min(dirty, nodes), run) for run in range(RUNS)]
    yield _timed(f"dirty {min(dirty, nodes)}", nodes, lambda run: _changed(planner, full, changed[run]))


def _once(snapshot: Snapshot) -> Callable[[], Plan]:
    return partial(plan, snapshot)


def _changed(planner: Planner, before: Snapshot, now: Snapshot) -> Callable[[], Plan]:
    replan(planner, before)
    return partial(replan, planner, now)


def _timed(kind: str, nodes: int, prepare: Callable[[int], Callable[[], Plan]]) -> Timing:
    """Time what `prepare` returns for each run, without the preparation."""
    times, actions = [], 0
    for run in range(RUNS):
        work = prepare(run)
        started = time.perf_counter()
        outcome = work()
        times.append((time.perf_counter() - started) * 1000)
        actions = len(outcome.actions)
    return Timing(kind, nodes, median(times), actions)


def _memory(nodes: int) -> Memory:
    modules = _peak()
    snapshot = instance(REGIME, nodes)
    before = _peak()
    plan(snapshot)
    return Memory(nodes, modules, before, _peak())


def _peak() -> float:
    """Return the peak of this program alone: what getrusage says may be that of the process it was started from."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) / 1024
