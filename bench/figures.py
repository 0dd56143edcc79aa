"""The figures of one run, from what was watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from demo.measure import Needed, begins_to_leave, filler_change, percentile, yielded
from demo.objects import GPU
from demo.state import Change, Wait


@dataclass(frozen=True, slots=True)
class Row:
    """One run of one system. Waits are from the watch event of the creation to that of the binding; `lost_gpu_s` is GPU
    seconds since each victim saved its work; `free_gpus` no filler held when the LS pods came; `urgent_p99_s` is
    the operator's word for event to first write, None where none acted; `delete_p50_s` and `delete_p99_s` are the audit
    log's for creation answered to first write received. `waits_s` are in the order of the arrivals.
    """

    scenario: str
    system: str
    run: int
    nodes: int
    exit_s: float
    ls: int
    bound: int
    p50_s: float
    p90_s: float
    p99_s: float
    evicted: int
    evicted_gpus: int
    needed: int
    needed_gpus: int
    lost_gpu_s: float
    shrinks: int
    free_gpus: int
    urgent_p99_s: float | None
    violations: int
    delete_p50_s: float | None = None
    delete_p99_s: float | None = None
    waits_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was watched while the LS pods came: their waits, all changes, when each filler had saved its work (by uid),
    what was free and needed before, and, with an audit log, the seconds from creations to first writes.
    """

    waits: Sequence[Wait]
    changes: Sequence[Change]
    saved_at: Mapping[str, float]
    needed: Needed
    free_gpus: int
    urgent_p99_s: float | None
    violations: int
    to_delete: Sequence[float] = ()


def row_of(scenario: str, system: str, run: int, nodes: int, exit_s: float, seen: Seen) -> Row:
    """Return the figures of a run."""
    seconds = [inf if wait.bound is None else wait.bound - wait.created for wait in seen.waits]
    given = yielded(seen.changes)
    return Row(
        scenario=scenario,
        system=system,
        run=run,
        nodes=nodes,
        exit_s=exit_s,
        ls=len(seconds),
        bound=sum(isfinite(each) for each in seconds),
        p50_s=percentile(seconds, 0.5),
        p90_s=percentile(seconds, 0.9),
        p99_s=percentile(seconds, 0.99),
        evicted=given.evictions,
        evicted_gpus=given.gpus,
        needed=seen.needed.fillers,
        needed_gpus=seen.needed.gpus,
        lost_gpu_s=lost_gpu_seconds(seen.changes, seen.saved_at),
        shrinks=given.shrinks,
        free_gpus=seen.free_gpus,
        urgent_p99_s=seen.urgent_p99_s,
        violations=seen.violations,
        delete_p50_s=percentile(seen.to_delete, 0.5) if seen.to_delete else None,
        delete_p99_s=percentile(seen.to_delete, 0.99) if seen.to_delete else None,
        waits_s=tuple(seconds),
    )


def lost_gpu_seconds(changes: Sequence[Change], saved_at: Mapping[str, float]) -> float:
    """Return the work of all fillers that began to leave: GPUs x seconds since it was saved."""
    lost = 0.0
    for change in changes:
        old, new = filler_change(change)
        if old is not None and begins_to_leave(old, new):
            lost += old.requests.get(GPU, 0) * max(0.0, change.at - saved_at.get(old.uid, change.at))
    return lost
