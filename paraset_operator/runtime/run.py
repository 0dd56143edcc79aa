"""`paraset run`: wires the parts together and keeps them running until SIGTERM or SIGINT."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, fields
from typing import Any

import kopf
import structlog

from paraset_operator.cluster.client import EXPECTED_ERRORS, Client
from paraset_operator.cluster.connection import Connection, ConnectionFailedError, connect
from paraset_operator.runtime import health
from paraset_operator.runtime.handlers import registry_for, settings_for
from paraset_operator.runtime.logs import set_up_logging
from paraset_operator.runtime.operator import Operator

_log = structlog.get_logger(__name__)

# A watch may lose an object for good; a complete list now and then makes up for it.
RELIST_EVERY = 300.0
_SWITCH_SECONDS = 0.001


class StartFailedError(Exception):
    """Something on this machine is in the way; the message says what to set."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    kubeconfig: str | None
    context: str | None
    namespace: str
    fill_namespaces: list[str]
    identity: str
    bind_address: str
    health_port: int
    metrics_port: int


def run_operator(options: argparse.Namespace) -> int:
    """Run until told to stop; return the exit code.

    Raise ConnectionFailedError when there is no way to a cluster, StartFailedError when a port is taken.
    """
    set_up_logging(options.log_format, options.log_level)
    chosen = Options(**{field.name: getattr(options, field.name) for field in fields(Options)})
    connection = connect(chosen.kubeconfig, chosen.context)
    # Full plans are made in a thread: the urgent path must not wait 5 ms for its turn at every step.
    sys.setswitchinterval(_SWITCH_SECONDS)
    return asyncio.run(_run(connection, chosen))


async def _run(connection: Connection, options: Options) -> int:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with Client(connection) as client:
        await _reach(client, connection)
        operator = Operator(client, options.namespace, options.identity, frozenset(options.fill_namespaces))
        async with _serving(operator, options):
            work = [_named(name, each) for name, each in operator.tasks().items()]
            work.append(_named("kopf", _kopf(connection, operator, stop)))
            work.append(_named("relist", _relist(operator)))
            code = await _until_stopped(stop, work)
            await operator.close()
            await _cancel(work)
    return code


def _stop_on_signals(stop: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)


async def _reach(client: Client, connection: Connection) -> None:
    try:
        await client.get("/readyz")
    except EXPECTED_ERRORS as error:
        words = str(error) or type(error).__name__
        raise ConnectionFailedError(f"the API server at {connection.server} can't be reached: {words}") from error


def _named(name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work, name=name)


@contextlib.asynccontextmanager
async def _serving(operator: Operator, options: Options) -> AsyncIterator[None]:
    """Serve probes and metrics meanwhile."""
    apps = (
        (health.health_app(operator.health, operator.remembers), options.health_port),
        (health.metrics_app(operator.metrics.registry), options.metrics_port),
    )
    runners = []
    try:
        for app, port in apps:
            try:
                runners.append(await health.serve(app, options.bind_address, port))
            except OSError as error:
                words = f"can't listen at {options.bind_address}, port {port}: {error.strerror or error}"
                raise StartFailedError(f"{words}; choose with --bind-address, --health-port, --metrics-port") from error
        yield
    finally:
        for runner in runners:
            if runner is not None:
                await runner.cleanup()


async def _kopf(connection: Connection, operator: Operator, stop: asyncio.Event) -> None:
    others = asyncio.all_tasks()
    tasks = await kopf.spawn_tasks(
        registry=registry_for(connection, operator.sets, operator.policies),
        settings=settings_for(),
        clusterwide=True,
        standalone=True,
        stop_flag=stop,
    )
    # Kopf has put handlers of its own in place of ours, which would end it alone, and only seconds later the rest.
    _stop_on_signals(stop)
    await kopf.run_tasks(tasks, ignored=others)


async def _relist(operator: Operator) -> None:
    while True:
        await asyncio.sleep(RELIST_EVERY)
        try:
            await operator.relist()
        except EXPECTED_ERRORS as error:
            _log.warning("not relisted", error=str(error) or type(error).__name__)


async def _until_stopped(stop: asyncio.Event, work: list[asyncio.Task[None]]) -> int:
    """Wait for the signal; a part that ends before it is a mistake of ours, and the process starts anew."""
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([waiting, *work], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if stop.is_set():
        _log.info("stopping")
        return 0
    for task in done - {waiting}:
        error = task.exception() if not task.cancelled() else None
        _log.error("a part of the operator has ended", part=task.get_name(), error=repr(error), exc_info=error)
    return 1


async def _cancel(work: list[asyncio.Task[None]]) -> None:
    for task in work:
        task.cancel()
    await asyncio.wait(work, timeout=5)
