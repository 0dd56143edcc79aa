"""What a worker says of itself, by annotations on its pod: when it saved its state last, and how far it has come; and
what it was told.

What can't be read counts as not said, and is named, so that somebody can be told. Whether a time may be believed is
decided where the time of day is known (planning/lost_work.py).
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from paraset_operator.api.names import ANNOTATION_LAST_CHECKPOINT, ANNOTATION_LEAVING_AT, ANNOTATION_PROGRESS


class Word(NamedTuple):
    """Seconds since the epoch of the last checkpoint, 0 if not said; progress, 0 to 1; annotations that are no such."""

    checkpointed: float = 0.0
    progress: float = 0.0
    misread: tuple[str, ...] = ()


_SILENCE = Word()


def word_of(annotations: Mapping[str, str] | None) -> Word:
    """Return what the annotations say."""
    if not annotations:
        return _SILENCE
    checkpoint, progress = annotations.get(ANNOTATION_LAST_CHECKPOINT), annotations.get(ANNOTATION_PROGRESS)
    if checkpoint is None and progress is None:
        return _SILENCE
    at = None if checkpoint is None else _time(checkpoint)
    done = None if progress is None else _part(progress)
    misread = [ANNOTATION_LAST_CHECKPOINT] if at is None and checkpoint is not None else []
    misread += [ANNOTATION_PROGRESS] if done is None and progress is not None else []
    return Word(at or 0.0, done or 0.0, tuple(misread))


def leaving_at(annotations: Mapping[str, str] | None) -> float:
    """Return when the pod was told that it will be moved, in seconds since the epoch; 0 if it was not."""
    text = (annotations or {}).get(ANNOTATION_LEAVING_AT)
    return (_time(text) or 0.0) if text else 0.0


def _time(text: str) -> float | None:
    """Return an RFC 3339 time, which always says its offset, as seconds since the epoch."""
    try:
        moment = datetime.fromisoformat(text)
        seconds = moment.timestamp() if moment.tzinfo else 0.0
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def _part(text: str) -> float | None:
    try:
        part = float(text)
    except ValueError:
        return None
    return part if math.isfinite(part) and 0 <= part <= 1 else None
