"""Requests of one user, read from the API server's audit log as it grows.

Why: how often the operator writes, and to whose pods, is best told by the API server itself. Reads never lose a line:
a line cut in the middle of being written is read again next time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

_READS = {"get", "list", "watch"}


@dataclass(frozen=True, slots=True)
class Request:
    """One answered request. `at` is wall-clock seconds; `code` the HTTP status."""

    at: float
    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int

    @property
    def writes(self) -> bool:
        return self.verb not in _READS

    @property
    def is_lease(self) -> bool:
        return self.resource == "leases"


class _User(msgspec.Struct):
    username: str = ""


class _Reference(msgspec.Struct):
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


class _Answer(msgspec.Struct):
    code: int = 0


class _Line(msgspec.Struct, rename="camel"):
    stage: str
    verb: str
    user: _User
    request_received_timestamp: str
    object_ref: _Reference | None = None
    response_status: _Answer | None = None


class AuditLog:
    """`requests` grows with every `poll()`; other users' lines are passed over unread."""

    def __init__(self, path: Path, user: str) -> None:
        self.requests: list[Request] = []
        self._path, self._user, self._marker = path, user, f'"{user}"'.encode()
        self._offset = 0
        self._decoder = msgspec.json.Decoder(_Line)

    def poll(self) -> list[Request]:
        """Read what was logged since the last call; returns all requests so far."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._offset)
                block = file.read()
            complete = block[: block.rfind(b"\n") + 1]
            self._offset += len(complete)
            self.requests += [
                request for line in complete.split(b"\n") if self._marker in line for request in self._decoded(line)
            ]
        return self.requests

    def _decoded(self, raw: bytes) -> Iterable[Request]:
        line = self._decoder.decode(raw)
        if line.stage != "ResponseComplete" or line.user.username != self._user:
            return
        target, answer = line.object_ref or _Reference(), line.response_status or _Answer()
        at = datetime.fromisoformat(line.request_received_timestamp).timestamp()
        yield Request(at, line.verb, target.resource, target.subresource, target.namespace, target.name, answer.code)

    def writes(self, since: float, until: float = float("inf")) -> list[Request]:
        """Writes but for leases within the wall-clock interval, after a fresh poll."""
        return [each for each in self.poll() if each.writes and not each.is_lease and since <= each.at < until]

    def last_write(self) -> float:
        """Wall-clock time of the last write that was no lease; 0 if there was none."""
        return max((each.at for each in self.poll() if each.writes and not each.is_lease), default=0.0)
