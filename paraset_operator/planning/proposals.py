"""What nodes would take at given prices: a filling of each, what it is worth, and what each set takes by it."""

from dataclasses import dataclass, replace

import numpy as np

from paraset_operator.planning.growth import grown_by_set, growth_worth
from paraset_operator.planning.leftovers import Left
from paraset_operator.planning.packing import Gains, pack
from paraset_operator.planning.problem import Floats, Holes, Ints, Options

_NEVER = 1e30
# Growth that is not worth its price still is growth: it is granted last, not refused.
_LEAST_DENSITY = 1e-15


@dataclass(frozen=True, slots=True)
class Prices:
    """What each set pays for a unit of each resource and, in the last column, for an instance (sets x columns + 1).

    Below zero it is paid. Where it is `alone`, a set has no others beside it.
    """

    of_set: Floats
    alone: int = -1

    def gains(self, options: Options) -> Floats:
        """Return what prices leave of the worth of options."""
        mine = self.of_set[options.owner]
        gains: Floats = options.value - (options.need * mine[:, :-1]).sum(axis=1) - mine[:, -1]
        return np.where((self.alone >= 0) & (options.owner != self.alone), -_NEVER, gains)

    def priced(self, options: Options) -> Options:
        """Return the options with what prices leave of the worth of their growth."""
        density = (options.density - self.of_set[options.owner, :-1]).clip(min=_LEAST_DENSITY)
        return replace(options, density=np.where(options.density > 0, density, 0.0))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A filling of nodes (N x S), its worth (N), and what each set takes by it: resources, then instances."""

    counts: Ints
    left: Left
    worth: Floats
    taken: Floats


def propose(holes: Holes, options: Options, prices: Prices, *, quick: bool) -> Proposal:
    """Return how the nodes are filled at these prices."""
    gains = Gains(prices.gains(options)[None, :], np.zeros(len(holes), dtype=np.int64))
    counts, left = pack(holes, prices.priced(options), gains, quick=quick)
    return _valued(holes, options, counts, left)


def propose_alone(holes: Holes, options: Options, sets: list[int]) -> list[Proposal]:
    """Return what each of these sets would take by itself."""
    nodes, nothing = len(holes), np.zeros((holes.admits.shape[1], options.need.shape[1] + 1))
    free = [Prices(nothing, of).gains(options) for of in sets]
    many = holes.at(np.tile(np.arange(nodes), len(sets)))
    counts, left = pack(many, options, Gains(np.array(free), np.repeat(np.arange(len(sets)), nodes)), quick=True)
    parts = [np.arange(begin, begin + nodes) for begin in range(0, nodes * len(sets), nodes)]
    return [_valued(holes, options, counts[part], left.rows(part)) for part in parts]


def _valued(holes: Holes, options: Options, counts: Ints, left: Left) -> Proposal:
    worth = counts @ options.value + growth_worth(options, holes.kept + counts, left.free)
    each = np.zeros((len(options), holes.admits.shape[1], options.need.shape[1] + 1))
    each[np.arange(len(options)), options.owner] = np.hstack([options.need, np.ones((len(options), 1))])
    # As floats: whole numbers are multiplied one by one.
    taken = (counts.astype(np.float64) @ each.reshape(len(options), -1)).reshape(len(counts), *each.shape[1:])
    taken[:, :, :-1] += growth_by_set(holes, options, counts, left.free)
    return Proposal(counts, left, worth, taken)


def growth_by_set(holes: Holes, options: Options, counts: Ints, free: Ints) -> Floats:
    """Return by how much more sets grow (N x sets x columns) once new instances are there and so much is left free."""
    sets = holes.admits.shape[1]
    growth = grown_by_set(options, holes.kept + counts, free, sets)
    return growth - grown_by_set(options, holes.kept, holes.free, sets) if holes.kept.any() else growth
