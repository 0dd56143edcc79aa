"""A balance as JSON: docs/report.md describes it. Amounts are in cores, bytes and pieces, times hours; waits in s."""

from datetime import UTC, datetime
from typing import Any

from paraset_operator.reporting.balance import Balance, Total, Waits
from paraset_operator.reporting.ledger import HOUR, Amounts


def as_json(balance: Balance) -> dict[str, Any]:
    """Return a balance as JSON values."""
    return {
        "asOf": datetime.fromtimestamp(balance.as_of, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "hours": balance.hours,
        "total": _total(balance.total),
        "byHour": {f"{name}:00Z": _total(each) for name, each in balance.by_hour.items()},
        "notes": list(balance.notes),
    }


def _total(total: Total) -> dict[str, Any]:
    return {
        "filledHours": _in_hours(total.filled),
        "lostHours": _in_hours(total.lost),
        "evictions": total.number("evictions"),
        "shrinks": total.number("shrinks"),
        "preempted": total.number("preempted"),
        "shortLived": total.number("short_lived"),
        "sets": {
            key: {
                "filledHours": _in_hours(account.filled),
                "lostHours": _in_hours(account.lost),
                "evictions": account.evictions,
                "shrinks": account.shrinks,
                "preempted": account.preempted,
                "shortLived": account.short_lived,
            }
            for key, account in total.sets.items()
        },
        "lsWaits": {"all": _waits(total.all_waits)} | {cause: _waits(each) for cause, each in total.waits.items()},
        "room": {
            reason: {
                "releases": room.releases,
                "unused": room.unused,
                "released": _rounded(room.released),
                "taken": _rounded(room.taken),
            }
            for reason, room in total.room.items()
        },
    }


def _waits(waits: Waits) -> dict[str, float | None]:
    return {"pods": waits.count, "p50Seconds": _round(waits.p50), "p99Seconds": _round(waits.p99)}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _in_hours(amounts: Amounts) -> dict[str, float]:
    return {name: round(amount / HOUR, 4) for name, amount in sorted(amounts.items())}


def _rounded(amounts: Amounts) -> dict[str, float]:
    return {name: round(amount, 3) for name, amount in sorted(amounts.items())}
