"""Growth that new instances without devices leave alone: their own set's that is worth as much, and that of other sets,
unless it brings shares closer.

Worth alone does not decide between sets: who has much of its share would take the cores of those who have little, and
who has all GPUs would take all cores beside. Growth makes way for sets that have less of their share, and have more
of it then. Instances with devices do take room from growth, so that no device is left idle for cores.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.growth import growths_of
from paraset_operator.planning.leftovers import enough, giving
from paraset_operator.planning.problem import Holes, Ints, Options
from paraset_operator.planning.quotas import Quotas

# Worths that differ by less are the same.
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class StandingGrowth:
    """What is free beside the growth that instances of an option leave alone (N x columns), by option; of options that
    need not leave any alone there is nothing."""

    options: Options
    free: dict[int, Ints]

    @classmethod
    def of(cls, holes: Holes, options: Options, quotas: Quotas) -> "StandingGrowth":
        """Return what sets leave to whom, by the shares they have now."""
        free = dict[int, Ints]()
        growths = [each for each in growths_of(options, holes.kept, holes.free) if each[2].any()]
        spared = _spared(options, quotas) if growths else np.zeros((0, 0), dtype=bool)
        for option in np.flatnonzero(options.kind < 0).tolist() if growths else ():
            of, rate = options.owner[option], options.value[option] / options.need[option].clip(min=1)
            for other, column, more in growths:
                by = options.owner[other]
                is_dear = options.density[other, column] >= rate[column] * (1 - _SAME)
                if spared[of, by] if by != of else is_dear:
                    free.setdefault(option, holes.free.copy())[:, column] -= more
        return cls(options, free)

    def barred(self, nodes: int) -> NDArray[np.bool_]:
        """Return the options for which nothing is left on a node (N x S)."""
        barred = np.zeros((nodes, len(self.options)), dtype=bool)
        for option, free in self.free.items():
            barred[:, option] = ~enough(free, self.options.need[option])
        return barred

    def give_back(self, counts: Ints) -> Ints:
        """Drop instances, in place, that take more than is left to them; return the nodes concerned."""
        before = counts.copy()
        for option, free in self.free.items():
            need = self.options.need[option]
            over = giving(counts @ self.options.need - free, need)
            counts[:, option] -= np.minimum(counts[:, option], over)
        return np.flatnonzero((counts != before).any(axis=1))


def _spared(options: Options, quotas: Quotas) -> NDArray[np.bool_]:
    """Say which set spares which other one's growth (sets x sets).

    Those that have no more of their share than itself, or all, if it would have no more of its own by more instances.
    """
    nothing = np.zeros_like(quotas.held)
    levels, spared = quotas.levels(nothing), np.ones((len(nothing), len(nothing)), dtype=bool)
    for of in np.unique(options.owner[options.kind < 0]).tolist():
        one = nothing.copy()
        one[of] = options.need[(options.kind < 0) & (options.owner == of)].max(axis=0)
        if quotas.shares(one)[of] > quotas.shares(nothing)[of]:
            spared[of] = levels <= levels[of]
    return spared
