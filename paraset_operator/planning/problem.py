"""Holes and what could fill them, as arrays: one row a node, one row an option.

An *option* is a shape of a set, as a new filler would start: at its smallest, or, where growth is worth something, at
its largest. Devices of which parts are handed out have a column each; all other resources are sums per node.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_MOST_LEVELS = 4


@dataclass(frozen=True, slots=True)
class DeviceKind:
    """Devices of one resource: on each node how many are wholly free, and what is free of those partly taken.

    `unit` is the size of one device, `column` the resource's column among the sums. A resource that is counted per node
    has unit 1 and no parts (`parts` is N x 0).
    """

    resource: str
    unit: int
    column: int
    wholes: Ints
    parts: Ints

    @property
    def is_counted(self) -> bool:
        """Whether nobody tracks who holds which device."""
        return self.unit == 1

    def at(self, rows: Ints) -> "DeviceKind":
        """Return the devices of some of the nodes."""
        return DeviceKind(self.resource, self.unit, self.column, self.wholes[rows], self.parts[rows])


@dataclass(frozen=True, slots=True)
class Growth:
    """A resource that grows: the worths of one more unit, largest first, and by how much options grow at each.

    `span` is S x worths. Amounts are whole numbers, held as floats, since products of those are cheap.
    """

    column: int
    worths: Floats
    span: Floats


@dataclass(frozen=True, slots=True)
class Options:
    """What may be put on nodes. `need` is S x R; `amount` of the device kind `kind` (-1: takes no devices).

    `value` is the worth between sets; `span` (S x R) is by how much an instance may grow beyond `need`, and `density`
    (S x R) the worth of one more unit. `shape` is the row of the shape that an option starts as, in the caller's list;
    `twin` is the option of the same shape that starts at its smallest. `growths` follow from span and density.
    """

    need: Ints
    kind: Ints
    amount: Ints
    owner: Ints
    shape: Ints
    twin: Ints
    value: Floats
    span: Ints
    density: Floats
    growths: tuple[Growth, ...] = field(init=False, repr=False, compare=False)
    coarse_growths: tuple[Growth, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "growths", tuple(_growths(self.span, self.density)))
        object.__setattr__(self, "coarse_growths", tuple(_few(each) for each in self.growths))

    def __len__(self) -> int:
        return len(self.value)


@dataclass(frozen=True, slots=True)
class Holes:
    """Free room: `free` is N x R; `admits` (N x sets) says which sets may put something new on which node.

    `kept` (N x S) are the fillers that run; `ranks` says, for all nodes, which come first: those of a low rank. It is
    asked only where a quota leaves a choice. `barred` (N x S) are options left out of a node.
    """

    free: Ints
    kinds: tuple[DeviceKind, ...]
    admits: NDArray[np.bool_]
    kept: Ints
    barred: NDArray[np.bool_]
    ranks: Callable[[], Floats] = lambda: np.zeros(0)

    def __len__(self) -> int:
        return len(self.free)

    def at(self, rows: Ints) -> "Holes":
        """Return some of the nodes."""
        kinds = tuple(kind.at(rows) for kind in self.kinds)
        ranks = lambda: self.ranks()[rows]  # noqa: E731
        return Holes(self.free[rows], kinds, self.admits[rows], self.kept[rows], self.barred[rows], ranks)

    def order(self, rows: Ints) -> Ints:
        """Return these rows, holes that come first first."""
        ranks = self.ranks()
        return rows[np.lexsort((rows, ranks[rows]))] if len(ranks) else rows


def _growths(span: Ints, density: Floats) -> Iterator[Growth]:
    for column in np.flatnonzero(((density > 0) & (span > 0)).any(axis=0)).tolist():
        each = density[:, column]
        worths = np.unique(each[(each > 0) & (span[:, column] > 0)])[::-1]
        spans = np.where(each[:, None] == worths[None, :], span[:, column, None], 0).astype(np.float64)
        yield Growth(column, worths, spans)


def _few(growth: Growth) -> Growth:
    """Return a few levels instead of many: neighbours together, at the higher worth of both."""
    worths, span = growth.worths, growth.span
    while len(worths) > _MOST_LEVELS:
        near = int((worths[:-1] / worths[1:]).argmin())
        together = span[:, near] + span[:, near + 1]
        worths, span = np.delete(worths, near + 1), np.delete(span, near + 1, axis=1)
        span[:, near] = together
    return Growth(growth.column, worths, span)
