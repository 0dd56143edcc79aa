"""All new fillers of a plan, one after the other, as arrays, because there may be very many of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from paraset_operator.planning.problem import Ints


class Kind(NamedTuple):
    """The shape (its row) of a filler, sizes of its elastic resources, and all it holds; equal fillers share these."""

    shape: int
    sizes: dict[str, int]
    holds: dict[str, int]


@dataclass(frozen=True, slots=True)
class NewFillers:
    """Of each filler the node (its row) and which of the kinds it is; nodes come in the order of their rows."""

    rows: Ints
    which: Ints
    kinds: Sequence[Kind]

    @classmethod
    def of(cls, fillers: Iterable[tuple[int, Kind]]) -> "NewFillers":
        """Return fillers given one by one, each with its row."""
        fillers = list(fillers)
        rows = np.array([row for row, _ in fillers], dtype=np.int64)
        return cls(rows, np.arange(len(fillers)), [kind for _, kind in fillers])._by_row()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shapes(self) -> Ints:
        """The shape of each filler."""
        return np.array([kind.shape for kind in self.kinds], dtype=np.int64)[self.which]

    def at(self, places: Ints) -> "NewFillers":
        """Return some of the fillers."""
        return NewFillers(self.rows[places], self.which[places], self.kinds)

    def beside(self, others: "NewFillers") -> "NewFillers":
        """Return these and others, on one node these first."""
        rows = np.concatenate((self.rows, others.rows))
        which = np.concatenate((self.which, others.which + len(self.kinds)))
        return NewFillers(rows, which, [*self.kinds, *others.kinds])._by_row()

    def _by_row(self) -> "NewFillers":
        return self.at(np.argsort(self.rows, kind="stable"))

    def on(self, row: int) -> slice:
        """Return where the fillers of a node are."""
        begin, end = np.searchsorted(self.rows, (row, row + 1)).tolist()
        return slice(begin, end)


def distinct(columns: Sequence[Ints], count: int) -> tuple[Ints, Ints]:
    """Return where each distinct row of a table is first, and which of these each of its rows is."""
    code = np.zeros(count, dtype=np.int64)
    for column in columns:
        values, rank = np.unique(column, return_inverse=True)
        code = code * len(values) + rank
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    return first, which
