"""What is new on which node: kept of those nodes alone where there is anything, because they are few."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from paraset_operator.planning.problem import Ints


@dataclass(frozen=True, slots=True)
class Additions:
    """New fillers by shape (nodes x shapes) on the nodes `at`, which are in order."""

    at: Ints
    counts: Ints

    @classmethod
    def of(cls, parts: Iterable[tuple[Ints, Ints]], shapes: int) -> "Additions":
        """Return what is new of parts, each some nodes and how much is new there; no node is in two of them."""
        none = np.zeros(0, dtype=np.int64), np.zeros((0, shapes), dtype=np.int64)
        ats, counts = zip(none, *parts, strict=True)
        at, number = np.concatenate(ats), np.concatenate(counts)
        some = np.flatnonzero(number.any(axis=1))
        some = some[np.argsort(at[some])]
        return cls(at[some], number[some])

    def on(self, rows: Ints) -> Ints:
        """Return what is new on some nodes (nodes x shapes)."""
        counts = np.zeros((len(rows), self.counts.shape[1]), dtype=np.int64)
        place = np.searchsorted(self.at, rows)
        found = np.flatnonzero(np.append(self.at, -1)[place] == rows)
        counts[found] = self.counts[place[found]]
        return counts
