"""A small asynchronous client of the Kubernetes API: one connection pool, raw JSON, watches that survive.

Why not the `kubernetes` package: its object models cost a hundred times more to decode, and the demo and the
benchmark share two cores with the cluster they measure. Invariant: a watch never skips a change silently; where the
server says that changes were lost it lists anew and reports what vanished as deleted.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import aiohttp
import msgspec
import yaml

from demo.wire import Meta

PAGE = 500
RETRY_SECONDS = 0.2


class ApiError(Exception):
    """An answer of the API server outside 2xx."""

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        super().__init__(f"{method} {path} was answered {status}: {body[:500]}")
        self.status = status


class _HasMetadata(Protocol):
    @property
    def metadata(self) -> Meta: ...


T = TypeVar("T", bound=_HasMetadata)


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """One change as watched: ADDED, MODIFIED or DELETED. A relist repeats what is unchanged as MODIFIED."""

    kind: str
    item: T


class _ListMeta(msgspec.Struct, rename={"resource_version": "resourceVersion", "token": "continue"}):
    resource_version: str = ""
    token: str = ""


class _ListPage(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw]


class _WatchLine(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Bookmark(msgspec.Struct):
    metadata: Meta


class _RelistError(Exception):
    """The server no longer knows the version the watch stopped at."""


def _tls(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    with contextlib.ExitStack() as stack:

        def path_of(entry: dict[str, Any], key: str) -> str | None:
            if data := entry.get(f"{key}-data"):
                file = stack.enter_context(tempfile.NamedTemporaryFile())
                file.write(base64.b64decode(data))
                file.flush()
                return str(file.name)
            return entry.get(key)

        context.load_verify_locations(cafile=path_of(cluster, "certificate-authority"))
        if certificate := path_of(user, "client-certificate"):
            context.load_cert_chain(certificate, path_of(user, "client-key"))
    return context


class Api:
    """`async with Api(kubeconfig) as api`: requests as the user of the kubeconfig's current context."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        context = next(each["context"] for each in config["contexts"] if each["name"] == config["current-context"])
        cluster = next(each["cluster"] for each in config["clusters"] if each["name"] == context["cluster"])
        user = next(each["user"] for each in config["users"] if each["name"] == context["user"])
        self._server = str(cluster["server"]).rstrip("/")
        self._tls = _tls(cluster, user)
        self._headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._tls, limit=64)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        self._session = aiohttp.ClientSession(connector=connector, headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self, method: str, path: str, **options: Any) -> Any:
        if self._session is None:
            raise RuntimeError("Api is used outside its `async with` block")
        return self._session.request(method, self._server + path, **options)

    async def request(self, method: str, path: str, body: object = None, kind: str = "application/json") -> bytes:
        """Send one request within 30 s; raises ApiError on an answer outside 2xx."""
        data = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": kind}
        async with asyncio.timeout(30), self._open(method, path, data=data, headers=headers) as response:
            answer: bytes = await response.read()
            if response.status >= 300:
                raise ApiError(method, path, response.status, answer.decode(errors="replace"))
            return answer

    async def create(self, path: str, manifest: object) -> None:
        await self.request("POST", path, manifest)

    async def delete(self, path: str, **options: object) -> None:
        """Delete; an object that has gone already is fine."""
        try:
            await self.request("DELETE", path, {"apiVersion": "v1", "kind": "DeleteOptions", **options})
        except ApiError as error:
            if error.status != 404:
                raise

    async def merge(self, path: str, patch: object) -> None:
        await self.request("PATCH", path, patch, "application/merge-patch+json")

    async def list(self, path: str, kind: type[T]) -> tuple[list[T], str]:
        """All objects, read in pages, and the version from which to watch."""
        decoder, items, token = msgspec.json.Decoder(kind), [], ""
        while True:
            after = f"&continue={token}" if token else ""
            answer = await self.request("GET", f"{path}?limit={PAGE}{after}")
            page = msgspec.json.decode(answer, type=_ListPage)
            items += [decoder.decode(raw) for raw in page.items]
            token = page.metadata.token
            if not token:
                return items, page.metadata.resource_version

    async def watch(
        self, path: str, kind: type[T], listed: Callable[[], None] = lambda: None
    ) -> AsyncIterator[Seen[T]]:
        """Everything that is there, then every change, for ever. `listed` is called when the first list has been
        handed out.
        """
        known: dict[str, T] = {}
        while True:
            try:
                items, version = await self.list(path, kind)
                for seen in relisted(known, items):
                    yield seen
                listed()
                async for seen in self._changes(path, kind, version, known):
                    yield seen
            except (_RelistError, aiohttp.ClientError, TimeoutError, ApiError):
                await asyncio.sleep(RETRY_SECONDS)

    async def _changes(self, path: str, kind: type[T], version: str, known: dict[str, T]) -> AsyncIterator[Seen[T]]:
        decoder, lines = msgspec.json.Decoder(kind), msgspec.json.Decoder(_WatchLine)
        while True:
            query = f"?watch=1&allowWatchBookmarks=true&resourceVersion={version}"
            async for raw in self._lines(path + query):
                line = lines.decode(raw)
                if line.type == "ERROR":
                    raise _RelistError
                if line.type == "BOOKMARK":
                    version = msgspec.json.decode(line.object, type=_Bookmark).metadata.resource_version
                    continue
                item = decoder.decode(line.object)
                version = item.metadata.resource_version
                _remember(known, line.type, item)
                yield Seen(line.type, item)

    async def _lines(self, path: str) -> AsyncIterator[bytes]:
        async with self._open("GET", path) as response:
            if response.status >= 300:
                raise _RelistError
            rest = b""
            async for chunk in response.content.iter_any():
                *complete, rest = (rest + chunk).split(b"\n")
                for line in complete:
                    if line:
                        yield line


def _remember(known: dict[str, T], kind: str, item: T) -> None:
    if kind == "DELETED":
        known.pop(item.metadata.uid, None)
    else:
        known[item.metadata.uid] = item


def relisted(known: dict[str, T], items: list[T]) -> list[Seen[T]]:
    """What a fresh list says beside what was known before: the vanished first, so that a name taken anew is no
    duplicate.
    """
    fresh = {item.metadata.uid: item for item in items}
    gone = [Seen("DELETED", item) for uid, item in known.items() if uid not in fresh]
    present = [Seen("MODIFIED" if uid in known else "ADDED", item) for uid, item in fresh.items()]
    known.clear()
    known.update(fresh)
    return gone + present
