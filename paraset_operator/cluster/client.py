"""A small asynchronous client: paged lists, watches, single writes. Errors are typed, retries are for one call only.

Only calls that may safely be repeated are retried, and only where the server asks for it (429, Retry-After) or could
not answer (5xx, connection lost). A write that may have happened is not repeated here: the next plan sees
what came of it, and who makes room repeats what is harmless (acting/releases.py).
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Self

import aiohttp
import tenacity

from paraset_operator.cluster.connection import Connection

PAGE = 500
# A stream that is silent for longer is taken for dead; the server sends a bookmark about once a minute.
WATCH_SILENCE = 75.0
_REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
_APPLY_PATCH = "application/apply-patch+yaml"
_MERGE_PATCH = "application/merge-patch+json"
_STRATEGIC_PATCH = "application/strategic-merge-patch+json"
# Enough for all watches and all writes that are begun at a time, so that none waits for another's answer. The server
# closes idle connections after 90 s; a burst need not begin with handshakes.
_CONNECTIONS, _KEPT_ALIVE = 96, 60.0
_LONGEST_LINE = 16 * 2**20


class ApiError(Exception):
    """An answer other than success: HTTP status, Kubernetes reason and message, and how long to wait if it said so."""

    def __init__(self, status: int, reason: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message, self.retry_after = status, reason, message, retry_after

    @property
    def is_retriable(self) -> bool:
        """Whether the server did not get to the request."""
        return self.status == 429 or self.status >= 500


# What a request may end with other than an answer of success; anything else is a mistake of ours.
EXPECTED_ERRORS = (ApiError, aiohttp.ClientError, asyncio.TimeoutError, OSError)


class ExpiredError(Exception):
    """The resourceVersion of a watch or list is too old: list anew."""


async def at_once() -> None:
    """Wait for nothing: in the place of what lets others go first."""


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    hint = error.retry_after if isinstance(error, ApiError) else None
    return hint if hint is not None else min(5.0, 0.2 * 2**state.attempt_number)


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, ApiError):
        return error.is_retriable
    return isinstance(error, aiohttp.ClientError | asyncio.TimeoutError)


class Client:
    """An open session with one API server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session: aiohttp.ClientSession | None = None
        #: Told of every request but watches: its method, the HTTP status (0 if no answer came), the seconds it took.
        self.on_answer: Callable[[str, int, float], None] = lambda _method, _status, _seconds: None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=_CONNECTIONS, keepalive_timeout=_KEPT_ALIVE, ssl=self._connection.ssl_context or True
        )
        self._session = aiohttp.ClientSession(connector=connector, read_bufsize=2**18, max_line_size=16384)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> bytes:
        """Return the body of a GET, repeated while the server can't answer; raise ApiError."""
        async for attempt in tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_is_transient),
            wait=_wait,
            stop=tenacity.stop_after_attempt(4),
            reraise=True,
        ):
            with attempt:
                body = await self._request("GET", path, params=params)
        return body

    async def create(self, path: str, body: Mapping[str, Any], params: Mapping[str, str] | None = None) -> bytes:
        """POST an object and return it as stored; raise ApiError."""
        return await self._request("POST", path, body=body, params=params)

    async def replace(self, path: str, body: Mapping[str, Any]) -> bytes:
        """PUT an object and return it as stored; raise ApiError."""
        return await self._request("PUT", path, body=body)

    async def merge(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Merge-patch an object and return it as stored; raise ApiError."""
        return await self._request("PATCH", path, body=body, content_type=_MERGE_PATCH)

    async def apply(self, path: str, body: Mapping[str, Any], manager: str) -> bytes:
        """Bring an object to what is said of it, made if it is not there (server-side apply); raise ApiError."""
        params = {"fieldManager": manager, "force": "true"}
        return await self._request("PATCH", path, body=body, params=params, content_type=_APPLY_PATCH)

    async def strategic_merge(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Strategic-merge-patch an object (lists by key) and return it as stored; raise ApiError."""
        return await self._request("PATCH", path, body=body, content_type=_STRATEGIC_PATCH)

    async def delete(self, path: str, *, uid: str, grace_seconds: int) -> bytes:
        """Delete exactly the object with that uid and return it, or its Status; raise ApiError."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": grace_seconds}
        return await self._request("DELETE", path, body=options | {"preconditions": {"uid": uid}})

    async def page(self, path: str, token: str = "") -> bytes:
        """Return one page of a list, the first or that of a continuation; raise ExpiredError when that is too old."""
        try:
            return await self.get(path, {"limit": str(PAGE)} | ({"continue": token} if token else {}))
        except ApiError as error:
            if error.status == 410:
                raise ExpiredError(error.message) from error
            raise

    async def watch(self, path: str, resource_version: str) -> AsyncGenerator[bytes, None]:
        """Yield the lines of a watch until the server ends it; a silent stream raises TimeoutError."""
        params = {"watch": "1", "resourceVersion": resource_version, "allowWatchBookmarks": "true"}
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=WATCH_SILENCE)
        async with self._open("GET", path, params=params, timeout=timeout) as response:
            await _raise_for(response)
            pending = b""
            async for chunk in response.content.iter_any():
                lines = (pending + chunk).split(b"\n")
                pending = lines.pop()
                for line in lines:
                    if line:
                        yield line
                if len(pending) > _LONGEST_LINE:
                    raise ApiError(500, "LineTooLong", f"a watch event of {path} is over {_LONGEST_LINE} bytes")

    async def _request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        data = json.dumps(body).encode() if body is not None else None
        began, status = time.perf_counter(), 0
        try:
            async with self._open(
                method, path, params=params, data=data, content_type=content_type, timeout=_REQUEST_TIMEOUT
            ) as response:
                status = response.status
                await _raise_for(response)
                answer: bytes = await response.read()
                return answer
        finally:
            self.on_answer(method, status, time.perf_counter() - began)

    def _open(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
        content_type: str = "application/json",
        timeout: aiohttp.ClientTimeout,
    ) -> Any:
        if self._session is None:
            raise RuntimeError("Client is used outside 'async with'")
        headers = {"Accept": "application/json", "Content-Type": content_type}
        authorization = self._connection.authorization()
        if authorization:
            headers["Authorization"] = authorization
        url = self._connection.server + path
        return self._session.request(method, url, params=params, data=data, headers=headers, timeout=timeout)


async def _raise_for(response: aiohttp.ClientResponse) -> None:
    if response.status < 400:
        return
    body = await response.read()
    try:
        status = json.loads(body)
    except ValueError:
        status = {}
    hint = response.headers.get("Retry-After", "")
    raise ApiError(
        response.status,
        str(status.get("reason") or response.reason or "Unknown"),
        str(status.get("message") or body[:500].decode(errors="replace")),
        float(hint) if hint.isdigit() else None,
    )
