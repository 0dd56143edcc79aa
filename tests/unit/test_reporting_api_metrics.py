"""What the operator shows of its way to the API server, against a server that answers as told."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from paraset_operator.cluster.client import ApiError, Client
from paraset_operator.cluster.connection import Connection
from paraset_operator.cluster.reflector import Reflector
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
    app.router.add_route("*", PODS, answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with Client(Connection(f"http://127.0.0.1:{port}", None, lambda: None)) as client:
        yield Place(client)
    await runner.cleanup()


@pytest.mark.parametrize("status", [201, 403, 500])
def test_a_request_is_counted_by_its_answer(status: int) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({}, status=status)

    async def story() -> None:
        async with serving(answer) as place:
            with suppress(ApiError):
                await place.client.create(PODS, {})
            assert place.value("paraset_api_requests_total", method="POST", code=str(status)) == 1
            assert place.value("paraset_api_request_duration_seconds_count", method="POST") == 1

    asyncio.run(story())


def test_a_request_that_nobody_answers_is_counted_as_such() -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.close()
        return web.Response()

    async def story() -> None:
        async with serving(answer) as place:
            with pytest.raises(Exception, match="disconnected"):
                await place.client.create(PODS, {})
            assert place.value("paraset_api_requests_total", method="POST", code="none") == 1

    asyncio.run(story())


def test_a_bookmark_is_heard_though_nothing_has_changed() -> None:
    opened, go_on, reopened = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.Response(body=EMPTY)
        (reopened if opened.is_set() else opened).set()
        stream = web.StreamResponse()
        await stream.prepare(request)
        await go_on.wait()
        await stream.write(BOOKMARK)
        return stream

    async def story() -> None:
        async with serving(answer) as place:
            reflector = Reflector(place.client, PODS, Nothing())
            place.metrics.listens(reflector)
            watching = asyncio.create_task(reflector.run())
            await opened.wait()
            listed = place.heard()
            go_on.set()
            async with asyncio.timeout(20):
                await reopened.wait()
            assert place.heard() > listed
            watching.cancel()

    asyncio.run(story())


def test_of_an_api_that_is_absent_nothing_is_expected() -> None:
    absent = asyncio.Event()

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({}, status=404)

    async def story() -> None:
        async with serving(answer) as place:
            reflector = Reflector(place.client, PODS, Nothing(), on_absent=lambda _error: absent.set())
            place.metrics.listens(reflector)
            watching = asyncio.create_task(reflector.run())
            async with asyncio.timeout(20):
                await absent.wait()
            assert math.isnan(place.heard())
            watching.cancel()

    asyncio.run(story())
