"""Carries decisions out.

- An action with `after` waits: it is decided anew once what it waits for has been seen to be gone.
- Ordinary writes wait for a `lull` of LS pods that come: they would be in their way.
- Room for LS pods is made beside that, with connections of its own (releases.py).
"""

import asyncio
from collections.abc import Callable, Collection, Iterable

from paraset_operator.acting.notices import NoticeBoard
from paraset_operator.acting.outcome import Outcome
from paraset_operator.acting.releases import Releases
from paraset_operator.acting.sender import Sender
from paraset_operator.acting.writes import PodWriter
from paraset_operator.api.v1alpha1 import ParaSet
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.model.plan import Action, DeletePod, Notice, Reason, Release
from paraset_operator.model.pod import Pod

# Writes of the ordinary plan at a time, and releases for LS work at a time: each has connections of its own, so that
# what is begun is sent at once.
_AT_A_TIME, _RELEASES_AT_A_TIME = 24, 24


class Actuator:
    """Writes of one leader. `find` returns the ParaSet of a uid; what begins and what comes of it is told."""

    def __init__(
        self,
        writer: PodWriter,
        cache: ClusterCache,
        find: Callable[[str], ParaSet | None],
        on_begin: Callable[[Action], None],
        on_outcome: Callable[[Outcome], None],
        on_release: Callable[[Release], None] = lambda _: None,
        on_send: Callable[[Action], None] = lambda _: None,
        releases_at_a_time: int = _RELEASES_AT_A_TIME,
    ) -> None:
        self._sender = Sender(writer, cache.pods, find, on_begin, on_outcome, on_send)
        self._slots = asyncio.Semaphore(_AT_A_TIME)
        self._releases = Releases(self._sender, cache, on_release, releases_at_a_time)
        self._notices = NoticeBoard(writer, cache.pods, self._sender.spawn)

    def carry_out(self, actions: Iterable[Action]) -> None:
        """Begin all actions that need not wait."""
        begun = [action for action in actions if not action_waits(action) and self._sender.is_current(action)]
        for action in begun:
            expected = self._sender.expect(action)
            self._sender.spawn(self._write_in_turn(action, expected))

    def notify(self, notices: Iterable[Notice]) -> None:
        """Begin to tell fillers that they will be moved."""
        self._notices.post(notices)

    def release(self, release: Release) -> None:
        """Begin to make room for one LS pod, at once."""
        self._releases.begin(release)

    def recall(self, reasons: Collection[Reason]) -> bool:
        """Cancel room that is not made yet and is for no pod, but for headroom or an announcement; say if there was
        any.
        """
        return self._releases.recall(reasons)

    async def close(self) -> None:
        """Wait for what is under way, not long."""
        await self._sender.close()

    async def _write_in_turn(self, action: Action, expected: Pod) -> None:
        async with self._slots:
            await self._sender.lull()
            outcome = await self._sender.send(action)
        await self._sender.conclude(outcome, expected)


def action_waits(action: Action) -> bool:
    """Say whether something has to be gone before the action."""
    return not isinstance(action, DeletePod) and bool(action.after)
