"""Writes statuses: only what has changed, one write per object at a time, and not more often than people can read.

A status that can't be written because the object is gone is dropped; any other failure is retried with the next report.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from paraset_operator.cluster.client import EXPECTED_ERRORS, ApiError, Client

_log = structlog.get_logger(__name__)

# Seconds between two writes of one status.
EVERY = 2.0

Status = dict[str, Any]


@dataclass(slots=True)
class _Target:
    path: str
    known: Status
    wanted: Status
    task: asyncio.Task[None] | None = field(default=None)
    written_at: float = float("-inf")


class StatusWriter:
    """Statuses by the path of their object. `on_answer` gets the object as stored."""

    def __init__(self, client: Client, on_answer: Callable[[Mapping[str, Any]], None]) -> None:
        self._client, self._on_answer = client, on_answer
        self._targets: dict[str, _Target] = {}

    def report(self, path: str, known: Status, wanted: Status) -> None:
        """Bring the status of the object at `path` from what is known of it to what it should be, soon."""
        target = self._targets.setdefault(path, _Target(path, known, wanted))
        target.wanted = wanted
        if target.task is None:
            target.known = known
            if merge_patch(known, wanted):
                target.task = asyncio.ensure_future(self._write(target))

    def forget(self, path: str) -> None:
        """Drop what was to be written about an object that is gone."""
        target = self._targets.pop(path, None)
        if target is not None and target.task is not None:
            target.task.cancel()

    async def _write(self, target: _Target) -> None:
        """Write until what was reported last is written: a report may come while a write is on its way."""
        written: Status | None = None
        try:
            while written is not target.wanted:
                await asyncio.sleep(max(0.0, target.written_at + EVERY - time.monotonic()))
                written = target.wanted
                await self._bring_up_to(target, written)
        except ApiError as error:
            if error.status != 404:
                _log.warning("status not written", path=target.path, error=str(error))
        except EXPECTED_ERRORS as error:
            _log.warning("status not written", path=target.path, error=str(error) or type(error).__name__)
        finally:
            target.task = None

    async def _bring_up_to(self, target: _Target, wanted: Status) -> None:
        patch = merge_patch(target.known, wanted)
        if patch:
            target.written_at = time.monotonic()
            answer = msgspec.json.decode(await self._client.merge(f"{target.path}/status", {"status": patch}))
            target.known = dict(answer.get("status") or {})
            self._on_answer(answer)


def merge_patch(before: Status, after: Status) -> Status:
    """Return the JSON merge patch (RFC 7386) that turns `before` into `after`; {} when they are the same."""
    patch: Status = {name: None for name in before if name not in after}
    for name, value in after.items():
        old = before.get(name)
        if isinstance(value, dict) and isinstance(old, dict):
            inner = merge_patch(old, value)
            if inner:
                patch[name] = inner
        elif value != old:
            patch[name] = value
    return patch
