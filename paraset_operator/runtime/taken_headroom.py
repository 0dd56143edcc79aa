"""When headroom that LS pods have taken is made again: in their pauses, all that was taken meanwhile at once.

Made between two of a stream it would be in the way of the next one: planning it, sending it and what comes of it take
the API server and a core for some 30 ms a pod (docs/adr/0032-headroom-is-made-again-beside-ls-pods.md).
"""

import time
from collections.abc import Callable

from paraset_operator.model.pod import Pod
from paraset_operator.runtime.demands import HEAD_START, LONGEST_CALM, LONGEST_LULL, Demands


class TakenHeadroom:
    """Room that may have been headroom, and has been taken since it was last made."""

    def __init__(self, demands: Demands, clock: Callable[[], float] = time.monotonic) -> None:
        self._demands, self._clock = demands, clock
        self._since: float | None = None
        self._last = 0.0

    def saw_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Take in a change of a pod: one that is no filler takes room once it is bound."""
        was_bound = before is not None and bool(before.node)
        if after is None or after.is_filler or not after.node or was_bound:
            return
        self._last = self._clock()
        if self._since is None:
            self._since = self._last

    @property
    def is_any(self) -> bool:
        """Whether something has been taken that is yet to be made again."""
        return self._since is not None

    def is_due(self, *, is_hurried: bool) -> bool:
        """Say once that it is to be made again: when no LS pod comes or is bound, or after half a second.

        Where the plan is made for pods that wait (`is_hurried`) it may be left to a later one, for five seconds.
        """
        if self._since is None:
            return False
        now, longest = self._clock(), LONGEST_CALM if is_hurried else LONGEST_LULL
        is_stream = is_hurried or self._demands.are_coming or now < self._last + HEAD_START
        if is_stream and now < self._since + longest:
            return False
        self._since = None
        return True
