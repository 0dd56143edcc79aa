"""A server that answers a client as a test tells it to, and what the client shows of that."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry

from paraset_operator.cluster.client import Client
from paraset_operator.cluster.connection import Connection
from paraset_operator.reporting.api_metrics import ApiMetrics

PODS = "/api/v1/pods"
EMPTY = b'{"metadata":{"resourceVersion":"7"},"items":[]}'
BOOKMARK = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"8"}}}\n'


class Nothing:
    """A store that keeps nothing."""

    def upsert(self, data: msgspec.Raw) -> None: ...

    def remove(self, data: msgspec.Raw) -> None: ...

    def prune(self, seen: set[str]) -> None: ...


class Place:
    """A client of a server, with its metrics."""

    def __init__(self, client: Client) -> None:
        self.client, self.registry = client, CollectorRegistry()
        self.metrics = ApiMetrics(self.registry)
        client.on_answer = self.metrics.answered

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    def heard(self) -> float:
        return self.value("paraset_watch_heard_timestamp_seconds", resource="pods") or 0.0


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[Place]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with Client(Connection(f"http://127.0.0.1:{port}", None, lambda: None)) as client:
        yield Place(client)
    await runner.cleanup()
