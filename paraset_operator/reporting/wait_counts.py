"""Waits counted in buckets that grow by a tenth: counts can be added up, and quantiles are at most 5 % off.

A bucket is named by a whole number n as text (JSON has no other keys): waits from 1 ms x 1.1^n to 1 ms x 1.1^(n+1).
"""

from collections.abc import Mapping
from math import floor, log, sqrt

_LEAST, _RATIO = 0.001, 1.1
# A wait of a day and more is in the last one, so that their number is bounded.
_LAST = 191


def wait_bucket(seconds: float) -> str:
    """Return the bucket of a wait."""
    if seconds <= _LEAST:
        return "0"
    return str(min(_LAST, floor(log(seconds / _LEAST, _RATIO))))


def add_counts(counts: dict[str, int], more: Mapping[str, int]) -> None:
    """Add counts to others."""
    for bucket, count in more.items():
        counts[bucket] = counts.get(bucket, 0) + count


def wait_quantile(counts: Mapping[str, int], part: float) -> float | None:
    """Return the wait in seconds that this part of the waits did not exceed; None if nobody waited."""
    total, seen = sum(counts.values()), 0
    for bucket, count in sorted(counts.items(), key=lambda each: int(each[0])):
        seen += count
        if seen >= part * total:
            return _LEAST * _RATIO ** int(bucket) * sqrt(_RATIO)
    return None
