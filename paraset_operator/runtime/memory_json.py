"""What the operator remembers between plans, as JSON: GET /memory on its health port, and in snapshots.

Times of the operator's own clock mean nothing elsewhere, so all are given from now: seconds left, or seconds ago.
Names and uids of nodes, sets and pods are in it, and why fillers failed; nothing of what pods hold or do.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

import msgspec

from paraset_operator.cluster.wire import Wire
from paraset_operator.model.plan import Limit
from paraset_operator.planning.pacing import Entries, Pacing, Wait


class WaitWire(Wire):
    """A wait; `left` is below zero for one that is over: a new failure soon after makes the next one longer."""

    left: float = 0.0
    seconds: float = 0.0
    cause: str = Limit.COOL_DOWN.value
    message: str = ""


class MemoryWire(Wire):
    """The fields of planning.pacing.Pacing by their names, and the uids of LS pods that a filler was evicted for."""

    cool_downs: dict[str, WaitWire] = msgspec.field(default_factory=dict)
    back_offs: dict[str, WaitWire] = msgspec.field(default_factory=dict)
    unbound_since: dict[str, float] = msgspec.field(default_factory=dict)
    creations: dict[str, list[tuple[float, int]]] = msgspec.field(default_factory=dict)
    removals: dict[str, list[tuple[float, int]]] = msgspec.field(default_factory=dict)
    targets: dict[str, list[tuple[float, int]]] = msgspec.field(default_factory=dict)
    lapses: dict[str, float] = msgspec.field(default_factory=dict)
    proofs: dict[str, int] = msgspec.field(default_factory=dict)
    answered: list[str] = msgspec.field(default_factory=list)


def memory_json(pacing: Pacing, answered: Iterable[str], now: float) -> dict[str, Any]:
    """Return what is remembered at `now`, a time of the clock that pacing goes by."""
    told = {each.name: _moved(getattr(pacing, each.name), lambda at: round(at - now, 3)) for each in fields(pacing)}
    waits = {name: {key: _wire(wait) for key, wait in told[name].items()} for name in ("cool_downs", "back_offs")}
    body = MemoryWire(**(told | waits), answered=sorted(answered))
    return dict(msgspec.to_builtins(body))


def pacing_in(memory: MemoryWire, now: float) -> Pacing:
    """Return what was remembered, by a clock that stands at `now`; a cause that is not known here counts as a rate."""
    told = {each.name: getattr(memory, each.name) for each in fields(Pacing)}
    waits = {name: {key: _wait(wire) for key, wire in told[name].items()} for name in ("cool_downs", "back_offs")}
    moved = {name: _moved(value, lambda at: now + at) for name, value in (told | waits).items()}
    return Pacing(**moved)


def _moved(values: Mapping[str, Any], to: Callable[[float], float]) -> dict[str, Any]:
    """Return the values with all times in them counted anew."""
    return {key: _moved_one(value, to) for key, value in values.items()}


def _moved_one(value: Any, to: Callable[[float], float]) -> Any:
    match value:
        case Wait():
            return Wait(to(value.until), value.seconds, value.cause, value.message)
        case float():
            return to(value)
        case int():
            return value
        case _:
            return _entries(value, to)


def _entries(entries: Iterable[tuple[float, int]], to: Callable[[float], float]) -> Entries:
    return tuple((to(at), count) for at, count in entries)


def _wire(wait: Wait) -> WaitWire:
    return WaitWire(wait.until, wait.seconds, wait.cause.value, wait.message)


def _wait(wire: WaitWire) -> Wait:
    known = {each.value for each in Limit}
    return Wait(wire.left, wire.seconds, Limit(wire.cause) if wire.cause in known else Limit.RATE, wire.message)
