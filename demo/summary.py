"""The end of the story: the figures as JSON for programs and as a table for people, both from one record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from rich.table import Table

from demo.audit import Request
from demo.fragments import Fragments
from demo.invariants import Violation
from demo.measure import Allocation, percentile, seconds_to_bind
from demo.objects import CPU, GPU, MEMORY, Amounts
from demo.progress import PhaseState, Progress
from demo.story import FILLED_SHARE, Record

EVICTIONS_GATE = 1.15


@dataclass(frozen=True, slots=True)
class Summary:
    """All that is reported: the record of the story, the broken promises, and how the phases went."""

    record: Record
    violations: Sequence[Violation]
    progress: Progress

    @property
    def good(self) -> bool:
        """True if every phase came about and no invariant was violated."""
        return not self.violations and not self.progress.failures()

    def as_json(self) -> dict[str, Any]:
        """The keys other programs rely on, and a few more. Cores, bytes, pieces and seconds; null where nothing was
        measured.
        """
        record = self.record
        needed, given = record.needed, record.yielded
        return {
            "fill": {
                "usable": _natural(record.usable),
                "filled": _natural(record.filled),
                "placements": record.placements,
                "refilled_share": round(record.refilled_share, 3),
            },
            "allocation": {"before": _shares(record.before, False), "after": _shares(record.after, True)},
            "fragments": _fragments(record.fragments),
            "ls": _ls(record),
            "yield": {
                "shrinks": given.shrinks if given else None,
                "evictions": given.evictions if given else None,
                "evictions_needed": needed.fillers if needed else None,
                "gpus_evicted": given.gpus if given else None,
                "gpus_needed": needed.gpus if needed else None,
            },
            "writes": _writes(record),
            "violations": [violation.as_json() for violation in self.violations],
            "phases": [
                {
                    "name": phase.name,
                    "done": phase.state is PhaseState.DONE,
                    "seconds": round(phase.seconds(0), 1),
                    "note": phase.note,
                }
                for phase in self.progress.phases
            ],
            "seconds": round(self.progress.elapsed(), 1),
        }

    def table(self) -> Table:
        """Figure, value, and what was promised."""
        table = Table(title="ParaSet demo: what the API server saw", title_style="bold", header_style="grey50")
        table.add_column("figure")
        table.add_column("value", justify="right")
        table.add_column("promise", style="grey50")
        for name, value, promise in self._rows():
            table.add_row(name, value, promise)
        return table

    def _rows(self) -> list[tuple[str, str, str]]:
        numbers, record = self.as_json(), self.record
        share = record.filled.get(GPU, 0) / record.usable[GPU] if record.usable.get(GPU) else 0.0
        ls, given, writes = numbers["ls"], numbers["yield"], numbers["writes"]
        return [
            ("GPUs held before / after filling", _before_after(record, GPU), ""),
            ("cores held before / after filling", _before_after(record, CPU), ""),
            (
                "usable GPUs filled",
                f"{record.filled.get(GPU, 0)} of {record.usable.get(GPU, 0)} = {share:.0%}",
                f">= {FILLED_SHARE:.0%}",
            ),
            ("idle GPUs before / after filling", _idle(record.fragments), ""),
            ("of these fragment: no use to LS pods like those seen", _lost(record.fragments), ""),
            ("LS pods of the burst bound", f"{ls['bound']} of {ls['count']}", "all"),
            ("LS wait p50 / p99", f"{_seconds(ls['wait_p50_s'])} / {_seconds(ls['wait_p99_s'])}", ""),
            ("shrinks", _or_dash(given["shrinks"]), ""),
            ("evictions / needed", f"{_or_dash(given['evictions'])} / {_or_dash(given['evictions_needed'])}", ""),
            ("GPUs evicted / needed", _ratio(given["gpus_evicted"], given["gpus_needed"]), f"<= {EVICTIONS_GATE}"),
            ("writes per placement", _or_dash(writes["per_placement"]), "1"),
            ("writes in a quiet minute", _or_dash(writes["quiet_minute"]), "0"),
            ("invariant violations", str(len(self.violations)), "0"),
            ("seconds since the control plane was up", f"{numbers['seconds']:.0f}", "<= 240"),
        ]


def _natural(amounts: Amounts) -> dict[str, float]:
    """Cores instead of millicores."""
    return {resource: value / 1000 if resource == CPU else value for resource, value in amounts.items()}


def _shares(allocated: Allocation | None, with_fillers: bool) -> dict[str, float]:
    if allocated is None:
        return {}
    return {resource: round(allocated.share(resource, with_fillers=with_fillers), 4) for resource in (GPU, CPU, MEMORY)}


def _fragments(found: Fragments | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "idle_before": found.idle_before,
        "idle_after": found.idle_after,
        "fragment_before": round(found.fragment_before, 3),
        "fragment_after": round(found.fragment_after, 3),
        "filled_share": round(found.filled_share, 4),
    }


def _idle(found: Fragments | None) -> str:
    return f"{found.idle_before} / {found.idle_after}" if found else "-"


def _lost(found: Fragments | None) -> str:
    if found is None:
        return "-"
    return f"{found.fragment_before:.1f} / {found.fragment_after:.1f}, {found.filled_share:.0%} filled"


def _ls(record: Record) -> dict[str, Any]:
    waits = seconds_to_bind(record.waits)
    return {
        "count": len(record.burst),
        "bound": len(waits),
        "wait_p50_s": _finite(percentile(waits, 0.5)),
        "wait_p99_s": _finite(percentile(waits, 0.99)),
    }


def _finite(seconds: float) -> float | None:
    return round(seconds, 4) if isfinite(seconds) else None


def _writes(record: Record) -> dict[str, Any]:
    per_pod = [each for each in record.fill_writes if each.resource == "pods"]
    quiet = record.quiet_writes
    return {
        "per_placement": _per(per_pod, record.placements),
        "quiet_minute": len(quiet) if quiet is not None else None,
        "per_placement_with_status_and_events": _per(record.fill_writes, record.placements),
        "quiet_minute_leases": record.quiet_leases,
    }


def _per(requests: Sequence[Request], placements: int) -> float | None:
    return round(len(requests) / placements, 3) if placements else None


def _before_after(record: Record, resource: str) -> str:
    if record.before is None or record.after is None:
        return "-"
    before, after = record.before.share(resource, with_fillers=False), record.after.share(resource, with_fillers=True)
    return f"{before:.0%} / {after:.0%}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _or_dash(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _ratio(value: int | None, of: int | None) -> str:
    if value is None or of is None:
        return "-"
    return f"{value} / {of}" + (f" = {value / of:.2f}" if of else "")
