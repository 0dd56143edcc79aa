"""What happens when: things to do by time, those of one moment in the order they were noted."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

Deed = Callable[[], None]


@dataclass(slots=True)
class Agenda:
    """A queue of deeds; `now` is the time of the last one done."""

    now: float = 0.0
    _queue: list[tuple[float, int, Deed]] = field(default_factory=list)
    _noted: int = 0

    def at(self, when: float, deed: Deed) -> None:
        """Note a deed; one for the past is done at once."""
        self._noted += 1
        heapq.heappush(self._queue, (max(when, self.now), self._noted, deed))

    def after(self, seconds: float, deed: Deed) -> None:
        """Note a deed for so many seconds from now."""
        self.at(self.now + seconds, deed)

    def next_time(self) -> float | None:
        """Return when the next deed is due, or None."""
        return self._queue[0][0] if self._queue else None

    def step(self) -> None:
        """Do the next deed."""
        when, _, deed = heapq.heappop(self._queue)
        self.now = when
        deed()
