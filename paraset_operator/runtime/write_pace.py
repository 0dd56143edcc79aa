"""When to write what changes now and then: a moment after it has settled, and while it does not settle every minute.

A quiet cluster is thus written about at once and then not at all; a busy one costs one write a minute, and a few more.
"""

from dataclasses import dataclass

# Seconds without a change after which a state counts as settled; and between two writes where it never does.
SETTLED, EVERY = 1.0, 60.0
# Writes that may come sooner than a minute after each other; they are earned back one a minute.
_MOST_EARLY = 3.0


@dataclass(slots=True)
class WritePace:
    """The pace of one writer, on a clock that the caller brings; `begin` says what is written already."""

    written: int = 0
    _seen: int = 0
    _changed_at: float = 0.0
    _written_at: float = 0.0
    _early: float = _MOST_EARLY
    _earned_at: float = 0.0

    @classmethod
    def begin(cls, written: int, now: float) -> "WritePace":
        """Return the pace of a writer that begins now, with that many changes written."""
        return cls(written, written, now, now, _MOST_EARLY, now)

    def is_due(self, changes: int, now: float) -> bool:
        """Say whether so many changes are to be written now; asked again and again."""
        if changes != self._seen:
            self._seen, self._changed_at = changes, now
        if changes == self.written:
            return False
        self._early = min(_MOST_EARLY, self._early + (now - self._earned_at) / EVERY)
        self._earned_at = now
        is_settled = now - self._changed_at >= SETTLED and self._early >= 1.0
        return is_settled or now - self._written_at >= EVERY

    def wrote(self, changes: int | None, now: float) -> None:
        """Note that so many changes have been written; None: it has failed."""
        self._written_at, self._early = now, max(0.0, self._early - 1.0)
        if changes is not None:
            self.written = changes
