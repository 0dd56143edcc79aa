"""What the operator shows of its way to the API server, against a server that answers as told."""

import asyncio
import math
from contextlib import suppress

import pytest
from aiohttp import web
from answering import BOOKMARK, EMPTY, PODS, Nothing, serving

from paraset_operator.cluster.client import ApiError
from paraset_operator.cluster.reflector import Reflector


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
