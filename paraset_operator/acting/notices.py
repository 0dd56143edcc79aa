"""Writes notices onto fillers, each once.

A notice that can't be written must not hold a move up for ever: it then counts as given, for as long as it gave.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog

from paraset_operator.acting.writes import PodWriter
from paraset_operator.cluster.cache import PodStore
from paraset_operator.cluster.client import EXPECTED_ERRORS
from paraset_operator.model.plan import Notice
from paraset_operator.model.pod import Pod

_log = structlog.get_logger(__name__)

# How long after its time a notice that was not written still counts, so that the move is planned and sent.
_GRACE = 5.0


class NoticeBoard:
    """`spawn` runs a coroutine on its own."""

    def __init__(self, writer: PodWriter, pods: PodStore, spawn: Callable[..., None]) -> None:
        self._writer, self._pods, self._spawn = writer, pods, spawn

    def post(self, notices: Iterable[Notice]) -> None:
        """Begin to write those that are still about the pod as last seen."""
        for notice in notices:
            seen = self._pods.get(notice.pod.key)
            is_current = seen is not None and seen.uid == notice.pod.uid and not seen.is_terminating
            if seen is not None and is_current and not self._pods.is_expected(seen.key):
                expected = replace(seen, leaving_at=notice.leaving_at)
                self._pods.expect(expected)
                self._spawn(self._write(notice, expected))

    async def _write(self, notice: Notice, expected: Pod) -> None:
        try:
            self._pods.take_answer(await self._writer.notify(notice))
        except EXPECTED_ERRORS as error:
            _log.warning("notice not written", pod=notice.pod.key, error=str(error) or type(error).__name__)
            await asyncio.sleep(max(0.0, notice.leaving_at - time.time()) + _GRACE)
        self._pods.settle(expected)
