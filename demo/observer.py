"""Watches the API server in a thread of its own and keeps the story's evidence: current state, all changes, violations.

Invariants: every change is applied, recorded and checked in the order of the pod watch, under one lock; the thread
ends with `stop()` and takes no part in what it watches.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from demo.invariants import InvariantChecker, Violation
from demo.kube import Api
from demo.measure import filler_change
from demo.objects import node_of, paraset_of, pod_of
from demo.state import Change, ClusterState, Key
from demo.wire import Meta, WireNode, WireParaSet, WirePod

LOOK_SECONDS = 0.1

R = TypeVar("R")
W = TypeVar("W", WirePod, WireNode, WireParaSet)


class Reported(msgspec.Struct, rename="camel"):
    """An Event as far as the live view shows it."""

    metadata: Meta
    reason: str = ""
    message: str = ""
    type: str = ""
    involved_object: dict[str, Any] = msgspec.field(default_factory=dict)
    reporting_component: str = ""


class Observer:
    """`with Observer(kubeconfig) as observer`; `state`, `changes` and `events` are read inside `with observer.lock`."""

    def __init__(self, kubeconfig: Path) -> None:
        self.lock = threading.RLock()
        self.state = ClusterState()
        self.changes: list[Change] = []
        self.events: list[tuple[float, Reported]] = []
        self.ever_filler: set[Key] = set()
        self._kubeconfig = kubeconfig
        self._checker = InvariantChecker()
        self._loop = asyncio.new_event_loop()
        self._api: Api | None = None
        self._failure: BaseException | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)
        self._watching: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(30):
            raise TimeoutError("the observer did not get its first lists of nodes, pods and ParaSets within 30 s")
        self._check_alive()
        return self

    def __exit__(self, *_: object) -> None:
        if self._watching is not None:
            self._loop.call_soon_threadsafe(self._watching.cancel)
        self._thread.join(10)

    @property
    def violations(self) -> list[Violation]:
        with self.lock:
            return list(self._checker.violations)

    def wait_for(self, condition: Callable[[ClusterState], bool], seconds: float) -> bool:
        """True as soon as the condition holds on the watched state, False if it does not within the time.

        Looked at ten times a second: what is measured comes from the times of the changes, not from here.
        """
        deadline = time.monotonic() + seconds
        while not self.read(condition):
            self._check_alive()
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def read(self, of: Callable[[ClusterState], R]) -> R:
        with self.lock:
            return of(self.state)

    def mark(self) -> int:
        """A place in the list of changes, for `since`."""
        with self.lock:
            return len(self.changes)

    def forget(self) -> None:
        """Drop the list of changes so far, for long runs; marks taken before are void."""
        with self.lock:
            self.changes.clear()

    def last_filler_change(self) -> float:
        """When a filler last changed in any way, in monotonic seconds; 0 if none ever did."""
        with self.lock:
            return next((change.at for change in reversed(self.changes) if filler_change(change) != (None, None)), 0.0)

    def since(self, mark: int) -> Sequence[Change]:
        with self.lock:
            return self.changes[mark:]

    def submit(self, work: Callable[[Api], Coroutine[Any, Any, R]]) -> Future[R]:
        """Run a coroutine over the observer's connection, as cluster administrator."""
        if self._api is None:
            raise RuntimeError("the observer has not been started")
        return asyncio.run_coroutine_threadsafe(work(self._api), self._loop)

    def _check_alive(self) -> None:
        if self._failure is not None:
            raise RuntimeError(f"the observer stopped: {self._failure!r}") from self._failure

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._watching = self._loop.create_task(self._watch_all())
            self._loop.run_until_complete(self._watching)
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - shown by the thread that waits
            self._failure = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _watch_all(self) -> None:
        missing = {"nodes", "pods", "parasets"}

        def listed(what: str) -> Callable[[], None]:
            def note() -> None:
                missing.discard(what)
                if not missing:
                    self._ready.set()

            return note

        async with Api(self._kubeconfig) as self._api, asyncio.TaskGroup() as tasks:
            for watch in (
                self._follow("/api/v1/nodes", WireNode, node_of, listed("nodes")),
                self._follow("/api/v1/pods", WirePod, pod_of, listed("pods")),
                self._follow("/apis/paraset.io/v1alpha1/parasets", WireParaSet, paraset_of, listed("parasets")),
                self._follow_events(),
            ):
                tasks.create_task(_forever(watch))

    async def _follow(self, path: str, wire: type[W], record: Callable[[W], Any], listed: Callable[[], None]) -> None:
        if self._api is None:
            return
        async for seen in self._api.watch(path, wire, listed):
            self._take(seen.kind, record(seen.item))

    def _take(self, kind: str, item: Any) -> None:
        with self.lock:
            change = self.state.apply(time.monotonic(), kind, item)
            self.changes.append(change)
            if getattr(change.new, "is_filler", False):
                self.ever_filler.add(item.key)
            self._checker.observe(self.state, change)

    async def _follow_events(self) -> None:
        if self._api is None:
            return
        async for seen in self._api.watch("/api/v1/events", Reported):
            if seen.kind != "DELETED":
                with self.lock:
                    self.events.append((time.monotonic(), seen.item))


async def _forever(watch: Awaitable[None]) -> None:
    await watch
    raise RuntimeError("a watch ended")
