"""Reads a live cluster once, with the caller's rights, into a snapshot: all that a plan is made from.

The lists are read one after the other, so that they are some moments apart, as with `kubectl get`. Whoever plans for a
live cluster plans from the snapshot made here, and so gets what the file would give.
"""

import asyncio
import json
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from paraset_operator.api.v1alpha1 import FillPolicy, ParaSet
from paraset_operator.cluster.client import EXPECTED_ERRORS, ApiError, Client, ExpiredError
from paraset_operator.cluster.connection import ConnectionFailedError, connect
from paraset_operator.cluster.wire import ListWire
from paraset_operator.runtime.announced_objects import KINDS, AnnouncedKind, wanted_by
from paraset_operator.runtime.memory_json import MemoryWire
from paraset_operator.runtime.memory_reading import BY_API_SERVER, MemoryUnknownError, read_memory
from paraset_operator.runtime.objects import ObjectStore, paraset_store, policy_store
from paraset_operator.runtime.snapshot_info import info_of
from paraset_operator.runtime.snapshot_objects import Object, hashes_of, reduced_policy, reduced_set, reducer
from paraset_operator.runtime.translate import policy_view

_lists = msgspec.json.Decoder(ListWire)
_T = TypeVar("_T")


class ReadingError(Exception):
    """Why a cluster can't be read, in one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot as JSON, the server it is of, the namespace that is meant where none is named, what is left open."""

    text: bytes
    server: str
    namespace: str
    notes: tuple[str, ...]


def read_cluster(kubeconfig: str | None, context: str | None, operator: str | None = BY_API_SERVER) -> Taken:
    """Return a snapshot of a live cluster; raise ReadingError.

    `operator` is the URL of the operator's health port, or BY_API_SERVER; without one nobody asks what it remembers.
    """
    try:
        connection = connect(kubeconfig, context)
    except ConnectionFailedError as error:
        raise ReadingError(str(error)) from error

    async def read() -> Taken:
        async with Client(connection) as client:
            reading = _Reading(client, connection.server, operator)
            text = await reading.snapshot()
            return Taken(text, connection.server, connection.namespace, tuple(reading.notes))

    return asyncio.run(read())


@dataclass
class _Reading:
    """One reading of a live cluster."""

    client: Client
    server: str
    operator: str | None
    sets: ObjectStore[ParaSet] = field(default_factory=lambda: paraset_store(lambda _before, _after: None))
    policies: ObjectStore[FillPolicy] = field(default_factory=lambda: policy_store(lambda _before, _after: None))
    notes: list[str] = field(default_factory=list)

    async def snapshot(self) -> bytes:
        """Read everything and return it; raise ReadingError."""
        await self._needed("parasets", self.sets.relist(self.client))
        await self._needed("fillpolicies", self.policies.relist(self.client))
        objects = [
            *(reduced_policy(each.raw) for each in self.policies),
            *(reduced_set(each.raw) for each in self.sets if each.value is not None),
            *await self._needed("nodes", self._list("v1", "Node", "/api/v1/nodes")),
            *await self._needed("pods", self._list("v1", "Pod", "/api/v1/pods")),
            *await self._namespaces(),
            *await self._announcing(),
        ]
        memory = await self._memory()
        info = info_of(
            round(time.time(), 3),
            template_hashes={each.key: hashes_of(each.value) for each in self.sets if each.value is not None},
            problems={each.key: each.problem for each in self.sets if each.value is None},
            memory=memory,
            notes=self.notes,
        )
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": [info.as_object(), *objects]}).encode()

    async def _needed(self, what: str, reading: Awaitable[_T]) -> _T:
        try:
            return await reading
        except ApiError as error:
            raise ReadingError(_refusal(what, self.server, error)) from error
        except (ExpiredError, *EXPECTED_ERRORS) as error:
            words = str(error) or type(error).__name__
            raise ReadingError(
                f"the API server at {self.server} can't be reached: {words}; choose another with --kubeconfig or "
                "--context, or read a file with --cluster"
            ) from error

    async def _list(self, api_version: str, kind: str, path: str) -> list[Object]:
        reduce, found, token = reducer(api_version, kind), list[Object](), ""
        while True:
            page = _lists.decode(await self.client.page(path, token))
            found += map(reduce, page.items)
            token = page.metadata.continue_
            if not token:
                return found

    async def _namespaces(self) -> list[Object]:
        """Return the namespaces, whose labels a policy may go by; who may not list them is told so."""
        try:
            return await self._list("v1", "Namespace", "/api/v1/namespaces")
        except ApiError as error:
            self.notes.append(f"Namespaces can't be listed ({error.reason}): tenants chosen by labels are unknown.")
            return []

    async def _announcing(self) -> list[Object]:
        views = tuple(policy_view(each.value, {}) for each in self.policies if each.value is not None)
        wanted = wanted_by(views)
        return [each for kind in KINDS if kind.sources & wanted for each in await self._of_kind(kind)]

    async def _of_kind(self, kind: AnnouncedKind) -> list[Object]:
        """Return all objects of a kind; one that the cluster does not have announces nothing."""
        for version, path in kind.versions.items():
            try:
                return await self._list(version, kind.kind, path)
            except ApiError as error:
                if error.status != 404:
                    self.notes.append(
                        f"{kind.resource.capitalize()} can't be listed ({error.reason}): LS pods that they announce "
                        "are unknown."
                    )
                    break
        return []

    async def _memory(self) -> MemoryWire | None:
        if self.operator is None:
            return None
        try:
            return await read_memory(self.client, self.operator)
        except MemoryUnknownError as error:
            self.notes.append(str(error))
            return None


def _refusal(what: str, server: str, error: ApiError) -> str:
    if error.status == 401:
        return f"{what} can't be listed at {server}: {error.message}; log in again, or choose another with --context"
    if error.status == 403:
        return f"{what} can't be listed at {server}: {error.message}; ask for that right, or read a file with --cluster"
    if error.status == 404:
        return f"the cluster at {server} knows no {what}: install ParaSet, or choose another with --context"
    return f"{what} can't be listed at {server}: {error}"


__all__ = ["BY_API_SERVER", "ReadingError", "Taken", "read_cluster"]
