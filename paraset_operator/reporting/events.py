"""Kubernetes Events on ParaSets and on victims. Best effort: an Event that can't be written is lost, never retried.

Events about one set and of one reason are collected for a moment and become one, so that a hundred yields to a burst
are a line, not a page; each victim has its own, which names who needed the room.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from paraset_operator.api.names import API_VERSION, FILL_POLICY, OPERATOR, PARASET
from paraset_operator.cluster.client import EXPECTED_ERRORS, Client, at_once
from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView

_log = structlog.get_logger(__name__)

COLLECT_SECONDS = 1.0
# Beyond this the oldest are dropped: a storm of Events must not hold up anything else.
_MOST_WAITING = 1000
_LONGEST_MESSAGE = 1000
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """The object an Event is about."""

    kind: str
    namespace: str
    name: str
    uid: str
    api_version: str = API_VERSION

    @classmethod
    def of_pod(cls, pod: Pod) -> "Subject":
        """Return a pod as a subject."""
        return cls("Pod", pod.namespace, pod.name, pod.uid, "v1")

    @classmethod
    def of_set(cls, owner: ParaSetView) -> "Subject":
        """Return a ParaSet as a subject."""
        return cls(PARASET, owner.namespace, owner.name, owner.uid)

    @classmethod
    def of_policy(cls, name: str, uid: str) -> "Subject":
        """Return a FillPolicy as a subject."""
        return cls(FILL_POLICY, "", name, uid)


class EventRecorder:
    """Events of one operator; `instance` says which replica. Each waits for a `lull` first."""

    def __init__(self, client: Client, instance: str, lull: Callable[[], Awaitable[None]] = at_once) -> None:
        self._client, self._instance, self._lull = client, instance, lull
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_MOST_WAITING)
        self._collected: dict[tuple[Subject, str, str], dict[str, None]] = {}
        self._wakes = asyncio.Event()

    def record(self, subject: Subject, kind: str, reason: str, message: str) -> None:
        """Write an Event of type Normal or Warning."""
        body = event_body(subject, kind, reason, message, self._instance, datetime.now(UTC))
        self._waiting.append((body["metadata"]["namespace"], body))
        self._wakes.set()

    def collect(self, subject: Subject, reason: str, verb: str, what: str) -> None:
        """Add `what` to the Event that is written in a moment: `verb` 3: a, b, c."""
        self._collected.setdefault((subject, reason, verb), {})[what] = None
        self._wakes.set()

    async def run(self) -> None:
        """Write Events until cancelled."""
        while True:
            await self._wakes.wait()
            await asyncio.sleep(COLLECT_SECONDS if self._collected else 0)
            self._wakes.clear()
            for (subject, reason, verb), names in self._collected.items():
                self.record(subject, "Normal", reason, f"{verb} {in_words(list(names))}")
            self._collected = {}
            while self._waiting:
                await self._lull()
                await self._write(*self._waiting.popleft())

    async def _write(self, namespace: str, body: Mapping[str, Any]) -> None:
        try:
            await self._client.create(f"/api/v1/namespaces/{namespace}/events", body)
        except EXPECTED_ERRORS as error:
            _log.debug("event not written", reason=body["reason"], error=str(error) or type(error).__name__)


def in_words(names: list[str]) -> str:
    """Return how many there are and the first few."""
    few = ", ".join(names[:_NAMED])
    return f"{len(names)}: {few}" + (", ..." if len(names) > _NAMED else "")


def event_body(subject: Subject, kind: str, reason: str, message: str, instance: str, now: datetime) -> dict[str, Any]:
    """Return the Event; the API server takes those about cluster-scoped objects in namespace default alone."""
    stamp = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    namespace = subject.namespace or "default"
    involved = {"apiVersion": subject.api_version, "kind": subject.kind, "name": subject.name, "uid": subject.uid}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{subject.name}.{uuid.uuid4().hex[:16]}", "namespace": namespace},
        "involvedObject": involved | ({"namespace": subject.namespace} if subject.namespace else {}),
        "type": kind,
        "reason": reason,
        "message": message[:_LONGEST_MESSAGE],
        "count": 1,
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "source": {"component": OPERATOR},
        "reportingComponent": OPERATOR,
        "reportingInstance": instance,
    }
