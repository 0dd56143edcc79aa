"""Which version of an API is followed, and how often one that can't be had is asked for."""

import asyncio
from collections import Counter

import pytest
from aiohttp import web
from answering import EMPTY, Nothing, serving

from paraset_operator.cluster import reflector
from paraset_operator.cluster.reflector import Reflector

NEW, OLD = "/apis/example.com/v2/things", "/apis/example.com/v1/things"


def asked(
    statuses: dict[str, int], monkeypatch: pytest.MonkeyPatch, until: int = 1, watch: int = 200
) -> tuple[Counter[str], list[int]]:
    """Follow until all was told to be absent so often, or listed; return the requests by path, and what was told."""
    monkeypatch.setattr(reflector, "_ABSENT_PAUSE", 0.01)
    requests, told = Counter[str](), list[int]()

    async def answer(request: web.Request) -> web.StreamResponse:
        requests[request.path] += 1
        status = statuses[request.path]
        if status != 200 or ("watch" in request.query and watch != 200):
            return web.json_response({}, status=status if status != 200 else watch)
        if "watch" not in request.query:
            return web.Response(body=EMPTY)
        stream = web.StreamResponse()
        await stream.prepare(request)
        await asyncio.sleep(60)
        return stream

    async def story() -> None:
        async with serving(answer) as place:
            done = asyncio.Event()

            def absent(error: reflector.ApiError) -> None:
                told.append(error.status)
                if len(told) == until:
                    done.set()

            listed = (lambda: None) if watch != 200 else done.set
            follower = Reflector(place.client, NEW, Nothing(), listed, absent, (OLD,))
            following = asyncio.create_task(follower.run())
            async with asyncio.timeout(20):
                await done.wait()
            following.cancel()

    asyncio.run(story())
    return requests, told


def test_the_newest_version_that_is_served_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    requests, told = asked({NEW: 200, OLD: 200}, monkeypatch)
    assert requests[OLD] == 0
    assert told == []


def test_an_older_version_is_followed_where_the_newer_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    requests, told = asked({NEW: 404, OLD: 200}, monkeypatch)
    assert requests[NEW] == 1
    assert told == []


def test_an_api_is_absent_once_no_version_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    requests, told = asked({NEW: 404, OLD: 404}, monkeypatch, until=3)
    assert told == [404] * 3
    assert requests == {NEW: 3, OLD: 3}


def test_an_api_that_can_be_listed_and_not_watched_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    requests, told = asked({NEW: 200, OLD: 200}, monkeypatch, until=3, watch=403)
    assert told == [403] * 3
    assert requests == {NEW: 6, OLD: 6}
