"""A balance as tables for a person: what was filled and lost by set, what LS work waited for, what its room cost."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console
from rich.table import Table

from paraset_operator.model.resources import is_device
from paraset_operator.reporting.balance import Balance, Total, Waits
from paraset_operator.reporting.ledger import HOUR, Amounts, SetAccount

# Where output goes to no terminal, nothing is cut off.
_WIDE = 200


def write_table(balance: Balance, out: TextIO, *, per_hour: bool = False) -> None:
    """Write a balance; with `per_hour` hour by hour instead of by set."""
    console = Console(file=out, highlight=False, soft_wrap=False, width=None if out.isatty() else _WIDE)
    devices = sorted(name for name in balance.total.filled.keys() | balance.total.lost.keys() if is_device(name))
    stamp = datetime.fromtimestamp(balance.as_of, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    console.print(f"Balance of the last {balance.hours} h as of {stamp}")
    console.print(_hours(balance, devices) if per_hour else _sets(balance.total, devices))
    console.print(_waits(balance.total))
    if balance.total.room:
        console.print(_room(balance.total))
    for note in balance.notes:
        console.print(f"Note: {note}")


def _table(title: str, names: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(names):
        table.add_column(name, justify="right" if index else "left", no_wrap=True)
    return table


def _sets(total: Total, devices: Sequence[str]) -> Table:
    units = [*(f"{_short(name)}-h" for name in devices), "core-h"]
    names = ["SET", *units, "EVICTED", "SHRUNK", "PREEMPTED", "SHORT-LIVED", *(f"LOST {each}" for each in units)]
    table = _table("\nFilled", names)
    every = SetAccount()
    for key, account in total.sets.items():
        table.add_row(key, *_set_cells(account, devices))
        every.add(account)
    table.add_row("all", *_set_cells(every, devices))
    return table


def _set_cells(account: SetAccount, devices: Sequence[str]) -> list[str]:
    counts = (account.evictions, account.shrinks, account.preempted, account.short_lived)
    return [*_in_hours(account.filled, devices), *(str(each) for each in counts), *_in_hours(account.lost, devices)]


def _hours(balance: Balance, devices: Sequence[str]) -> Table:
    units = [*(f"{_short(name)}-h" for name in devices), "core-h"]
    names = ["HOUR (UTC)", *units, "EVICTED", "SHRUNK", "PREEMPTED", *(f"LOST {each}" for each in units)]
    table = _table("\nBy hour", [*names, "LS PODS", "P50", "P99"])
    for name, total in balance.by_hour.items():
        counts = (str(total.number(field)) for field in ("evictions", "shrinks", "preempted"))
        lost = _in_hours(total.lost, devices)
        waits = total.all_waits
        cells = [*_in_hours(total.filled, devices), *counts, *lost, str(waits.count), *_quantiles(waits)]
        table.add_row(name.replace("T", " ") + ":00", *cells)
    return table


def _waits(total: Total) -> Table:
    table = _table("\nLS pods: first seen to bound", ["CAUSE", "PODS", "P50", "P99"])
    for cause, waits in total.waits.items():
        table.add_row(cause, str(waits.count), *_quantiles(waits))
    table.add_row("all", str(total.all_waits.count), *_quantiles(total.all_waits))
    return table


def _room(total: Total) -> Table:
    names = sorted({name for room in total.room.values() for name in room.released if name == "cpu" or is_device(name)})
    titles = [f"{_short(name)} RELEASED, TAKEN" for name in names]
    table = _table("\nRoom for LS work", ["REASON", "RELEASES", "UNUSED", *titles])
    for reason, room in total.room.items():
        amounts = (f"{room.released.get(name, 0):.4g}, {room.taken.get(name, 0):.4g}" for name in names)
        table.add_row(reason, str(room.releases), str(room.unused), *amounts)
    return table


def _in_hours(amounts: Amounts, devices: Iterable[str]) -> list[str]:
    return [f"{amounts.get(name, 0.0) / HOUR:,.2f}" for name in (*devices, "cpu")]


def _quantiles(waits: Waits) -> tuple[str, str]:
    return _seconds(waits.p50), _seconds(waits.p99)


def _seconds(wait: float | None) -> str:
    if wait is None:
        return "-"
    return f"{wait * 1000:.0f} ms" if wait < 1 else f"{wait:.1f} s"


def _short(name: str) -> str:
    """Return a resource as people call it where there is no doubt."""
    return {"cpu": "CORES", "nvidia.com/gpu": "GPU"}.get(name, name)
