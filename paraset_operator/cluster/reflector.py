"""List and watch one resource, level-triggered: whatever is missed is repaired by the next list.

- paged list, then a watch from its resourceVersion with bookmarks; a closed stream is resumed, an expired one relisted
- a list prunes: what it does not name any more is reported as gone
- a silent stream is taken for dead and reopened
- nothing but cancellation ends it; errors are logged and retried with a growing pause
- an API that may be absent or forbidden is asked for again once a minute, and told of instead of logged each time;
  where its version is not served, older ones are
"""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

import aiohttp
import msgspec
import structlog

from paraset_operator.cluster.client import ApiError, Client, ExpiredError
from paraset_operator.cluster.wire import EventObject, ListWire, WatchEvent

_log = structlog.get_logger(__name__)
_lists = msgspec.json.Decoder(ListWire)
_events = msgspec.json.Decoder(WatchEvent)
_objects = msgspec.json.Decoder(EventObject)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
_ABSENT_PAUSE = 60.0


class Store(Protocol):
    """Where a reflector puts what it sees."""

    def upsert(self, data: msgspec.Raw) -> None:
        """Take over an object that was added or changed."""

    def remove(self, data: msgspec.Raw) -> None:
        """Forget an object that was deleted, by its last state."""

    def prune(self, seen: set[str]) -> None:
        """Forget every object whose uid is not among those a complete list named."""


class Reflector:
    """Keeps a store in step with one collection of the API server.

    With `on_absent` the API may be missing or forbidden: that is told, and nothing is known of its objects then. Before
    that the paths of `older` versions are tried, the newest first.
    """

    def __init__(
        self,
        client: Client,
        path: str,
        store: Store,
        on_list: Callable[[], None] = lambda: None,
        on_absent: Callable[[ApiError], None] | None = None,
        older: Iterable[str] = (),
    ) -> None:
        self._client, self._store, self._on_list = client, store, on_list
        self._paths = deque((path, *older))
        self._on_absent = on_absent
        self._version = ""
        self.synced = asyncio.Event()
        #: When it last brought something, in seconds since the epoch; None while the API is absent.
        self.heard_at: float | None = time.time()

    @property
    def path(self) -> str:
        """The collection's path in the version that is followed."""
        return self._paths[0]

    @property
    def resource(self) -> str:
        """The collection's name."""
        return self.path.rpartition("/")[2]

    @property
    def has_synced(self) -> bool:
        """Whether a complete list has been seen."""
        return self.synced.is_set()

    async def run(self) -> None:
        """Follow the collection until cancelled."""
        pause, untried = _FIRST_PAUSE, len(self._paths) - 1
        while True:
            try:
                if not self._version:
                    await self._list()
                await self._watch()
                pause, untried = _FIRST_PAUSE, len(self._paths) - 1
            except ExpiredError:
                self._version = ""
            except (ApiError, aiohttp.ClientError, TimeoutError, msgspec.DecodeError, OSError) as error:
                if self._on_absent is not None and isinstance(error, ApiError) and error.status in (403, 404):
                    self._store.prune(set())
                    self._version, self.heard_at = "", None
                    self._paths.rotate(-1)
                    if untried:
                        untried -= 1
                        continue
                    untried = len(self._paths) - 1
                    self._on_absent(error)
                    await asyncio.sleep(_ABSENT_PAUSE)
                    continue
                _log.warning("watch interrupted", path=self.path, error=str(error) or type(error).__name__)
                if isinstance(error, ApiError | msgspec.DecodeError):
                    self._version = ""
                await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311 - jitter, no secret
                pause = min(_LONGEST_PAUSE, pause * 2)

    async def _list(self) -> None:
        seen: set[str] = set()
        token, version = "", ""
        while True:
            page = _lists.decode(await self._client.page(self.path, token))
            for item in page.items:
                seen.add(_objects.decode(item).metadata.uid)
                self._store.upsert(item)
            version, token = page.metadata.resource_version, page.metadata.continue_
            if not token:
                break
            await asyncio.sleep(0)
        self._store.prune(seen)
        self._version, self.heard_at = version, time.time()
        self.synced.set()
        self._on_list()

    async def _watch(self) -> None:
        async with contextlib.aclosing(self._client.watch(self.path, self._version)) as lines:
            async for line in lines:
                self._take(_events.decode(line))

    def _take(self, event: WatchEvent) -> None:
        seen = _objects.decode(event.object)
        match event.type:
            case "ADDED" | "MODIFIED":
                self._store.upsert(event.object)
            case "DELETED":
                self._store.remove(event.object)
            case "ERROR":
                if seen.code == 410:
                    raise ExpiredError(seen.message)
                raise ApiError(seen.code, "WatchError", seen.message)
        self._version, self.heard_at = seen.metadata.resource_version, time.time()
