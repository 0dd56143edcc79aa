"""Statuses on their way to a server: the last one reported is the one that arrives, and nothing is written twice.

The server is a small one on loopback that keeps one status and answers when the test lets it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from paraset_operator.cluster.client import Client
from paraset_operator.cluster.connection import Connection
from paraset_operator.reporting import status_writer
from paraset_operator.reporting.status_writer import StatusWriter

PATH = "/apis/paraset.io/v1alpha1/namespaces/a/parasets/s"
OTHER = f"{PATH}2"


class Server:
    """Takes merge patches as of one status; `held` ones are answered only after `let_go`."""

    def __init__(self) -> None:
        self.status: dict[str, Any] = {}
        self.patches: list[dict[str, Any]] = []
        self._changed = asyncio.Condition()
        self._may_answer = asyncio.Event()
        self._may_answer.set()
        self.code = 200

    def hold(self) -> None:
        self._may_answer.clear()

    def let_go(self) -> None:
        self._may_answer.set()

    async def patch(self, request: web.Request) -> web.Response:
        patch = json.loads(await request.read())["status"]
        self.patches.append(patch)
        await self._tell()
        await self._may_answer.wait()
        if self.code == 200:
            self.status |= patch
        await self._tell()
        body = {"status": dict(self.status)} if self.code == 200 else {"message": "no"}
        return web.json_response(body, status=self.code)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, what: Callable[[], bool]) -> None:
        """Wait until that holds of the server; it is looked at whenever a patch has come or was answered."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(what)

    async def until_status(self, status: dict[str, Any]) -> None:
        await self.until(lambda: self.status == status)


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Server, StatusWriter]]:
    server, app = Server(), web.Application()
    for path in (PATH, OTHER):
        app.router.add_patch(f"{path}/status", server.patch)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with Client(Connection(f"http://127.0.0.1:{port}", None, lambda: None)) as client:
        yield server, StatusWriter(client, lambda _answer: None)
    server.let_go()
    await runner.cleanup()


Story = Callable[[Server, StatusWriter], Awaitable[None]]


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[[Story], None]:
    """Runs what happens, with no pause between two writes."""
    monkeypatch.setattr(status_writer, "EVERY", 0.0)

    async def told(story: Story) -> None:
        async with serving() as (server, writer):
            await story(server, writer)

    return lambda story: asyncio.run(told(story))


def test_a_report_arrives(tell: Callable[[Story], None]) -> None:
    async def story(server: Server, writer: StatusWriter) -> None:
        writer.report(PATH, {}, {"replicas": 1})
        await server.until_status({"replicas": 1})

    tell(story)


def test_a_report_that_comes_while_another_is_written_arrives_too(tell: Callable[[Story], None]) -> None:
    async def story(server: Server, writer: StatusWriter) -> None:
        server.hold()
        writer.report(PATH, {}, {"replicas": 1})
        await server.until(lambda: bool(server.patches))
        writer.report(PATH, {}, {"replicas": 2})
        server.let_go()
        await server.until_status({"replicas": 2})

    tell(story)


def test_what_has_not_changed_is_not_written(tell: Callable[[Story], None]) -> None:
    async def story(server: Server, writer: StatusWriter) -> None:
        writer.report(PATH, {"replicas": 1}, {"replicas": 1})
        writer.report(PATH, {"replicas": 1}, {"replicas": 2})
        await server.until_status({"replicas": 2})
        assert server.patches == [{"replicas": 2}]

    tell(story)


def test_a_report_about_another_object_does_not_wait_for_the_first(tell: Callable[[Story], None]) -> None:
    async def story(server: Server, writer: StatusWriter) -> None:
        server.hold()
        writer.report(PATH, {}, {"replicas": 1})
        writer.report(OTHER, {}, {"replicas": 2})
        await server.until(lambda: len(server.patches) == 2)

    tell(story)


def test_what_is_forgotten_is_not_written(tell: Callable[[Story], None]) -> None:
    async def story(server: Server, writer: StatusWriter) -> None:
        writer.report(PATH, {}, {"replicas": 1})
        writer.forget(PATH)
        writer.report(OTHER, {}, {"replicas": 2})
        await server.until_status({"replicas": 2})
        assert server.patches == [{"replicas": 2}]

    tell(story)
