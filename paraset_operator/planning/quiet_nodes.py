"""New fillers on nodes where nothing else changes: sized in arrays, because there may be very many of them.

Where running fillers have to shrink or could grow, where somebody leaves or comes, a node is sized by itself
(sizing.py). On all others the result is the same, reached at once: what is left over is given to the growth that is
worth most, each new filler as much as it can take before the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from paraset_operator.model.resources import plus
from paraset_operator.model.shape import Elastic
from paraset_operator.planning.additions import Additions
from paraset_operator.planning.fairness import Shares
from paraset_operator.planning.new_fillers import Kind, NewFillers, distinct
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.sizing import STEPS
from paraset_operator.planning.survey_rows import NEVER, Ground, Rows
from paraset_operator.planning.worth import Scales, density

# Growth is dealt out on so many parts of the nodes, each time to the neediest of those that make as much of it.
_TURNS = 16


@dataclass(frozen=True, slots=True)
class Growth:
    """One elastic resource of the new fillers of one shape, by node: `full` of them grow by `most`, one by `rest`."""

    resource: str
    most: int
    full: Ints
    rest: Ints

    def added(self, place: Ints, turn: Ints) -> Ints:
        """Return by how much fillers have grown: each by the place of its node, and by its turn on it."""
        full = self.full[place]
        return np.where(turn < full, self.most, np.where(turn == full, self.rest[place], 0))


@dataclass(slots=True)
class QuietNodes:
    """New fillers (nodes x shapes) on the nodes `at`, with the growth of each shape."""

    ground: Ground
    at: Ints
    new: Ints
    growths: dict[int, list[Growth]] = field(default_factory=dict)

    def fillers(self, order: Ints) -> NewFillers:
        """Return the new fillers node by node, on each node shape by shape in this order."""
        place, column = np.nonzero(self.new[:, order])
        number = self.new[place, order[column]]
        turn = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
        place, shape = np.repeat(place, number), np.repeat(order[column], number)
        which, kinds = np.zeros(len(place), dtype=np.int64), list[Kind]()
        for index in np.unique(shape).tolist():
            mine = np.flatnonzero(shape == index)
            added = [each.added(place[mine], turn[mine]) for each in self._growths(index)]
            first, of_size = distinct(added, len(mine))
            which[mine] = len(kinds) + of_size
            kinds += [self._kind(index, [int(each[at]) for each in added]) for at in first.tolist()]
        return NewFillers(self.at[place], which, kinds)

    def _growths(self, index: int) -> list[Growth]:
        return self.growths.get(index, [])

    def _kind(self, index: int, added: Sequence[int]) -> Kind:
        shape = self.ground.shapes[index][1]
        least = {each.resource: each.minimum for each in shape.elastic}
        more = {each.resource: amount for each, amount in zip(self._growths(index), added, strict=True)}
        return Kind(index, plus(least, more), plus(shape.smallest, more))


def quiet_rows(ground: Ground, rows: Rows, new: Additions, shares: Shares) -> Ints:
    """Return the nodes with new fillers where nothing else changes."""
    is_simple = np.array([not shape.initial for _, shape in ground.shapes], dtype=bool)
    if any(tenant.limits for tenant in shares.tenants.values()):
        return np.zeros(0, dtype=np.int64)
    at = new.at
    fits = (rows.room[at] - rows.held[at] >= new.counts @ ground.needs).all(axis=1)
    stays = ~rows.unusual[at] & (rows.growth[at] == NEVER).all(axis=(1, 2))
    quiet: Ints = at[fits & stays & ~new.counts[:, ~is_simple].any(axis=1)]
    return quiet


def grow(ground: Ground, rows: Rows, at: Ints, new: Ints, scales: Scales, shares: Shares) -> QuietNodes:
    """Size what is new (nodes x shapes) on the nodes `at`; write their rows, and what the sets take into the shares."""
    nodes = QuietNodes(ground, at, new)
    _take(ground, rows, at, nodes.new @ ground.needs, nodes.new, ground.needs, shares)
    rows.counts[at] += nodes.new
    for index, (_, shape) in enumerate(ground.shapes):
        nodes.growths[index] = [_no_growth(each, len(at)) for each in shape.elastic]
    turns = _TURNS if len(ground.sets) > 1 else 1
    for turn in range(min(turns, len(at))):
        some = np.arange(turn, len(at), turns)
        for index, place, worth in _by_worth(ground, scales, shares):
            if worth > 0:
                _grow_shape(nodes, rows, some, index, place, shares)
    return nodes


def _no_growth(elastic: Elastic, count: int) -> Growth:
    most = (elastic.maximum - elastic.minimum) // STEPS[elastic.resource] * STEPS[elastic.resource]
    none = np.zeros(count, dtype=np.int64)
    return Growth(elastic.resource, most, none, none.copy())


def _grow_shape(nodes: QuietNodes, rows: Rows, some: Ints, index: int, place: int, shares: Shares) -> None:
    """Give some of the nodes' rest to one resource of one shape, as much as each filler can take before the next."""
    growth, at, number = nodes.growths[index][place], nodes.at[some], nodes.new[some, index]
    if not growth.most or not number.any():
        return
    column, of = nodes.ground.columns.index(growth.resource), nodes.ground.owners[index]
    left = (rows.room[at, column] - rows.held[at, column]).clip(min=0)
    full = np.minimum(number, left // growth.most)
    step = STEPS[growth.resource]
    rest = np.where(full < number, np.minimum(left - full * growth.most, growth.most) // step * step, 0)
    growth.full[some], growth.rest[some] = full, rest
    grown = full * growth.most + rest
    rows.held[at, column] += grown
    rows.own[at, of, column] += grown
    shares.add(nodes.ground.sets[of], {growth.resource: int(grown.sum())})


def _take(ground: Ground, rows: Rows, at: Ints, total: Ints, new: Ints, needs: Ints, shares: Shares) -> None:
    rows.held[at] += total
    rows.smallest[at] += total
    for of, owner in enumerate(ground.sets):
        mine = ground.owners == of
        taken = new[:, mine] @ needs[mine]
        rows.own[at, of] += taken
        shares.add(owner, {name: int(amount) for name, amount in zip(ground.columns, taken.sum(axis=0), strict=True)})


def _by_worth(ground: Ground, scales: Scales, shares: Shares) -> list[tuple[int, int, float]]:
    """Return every elastic resource of every shape with the scaled worth of a unit: worth most first, then neediest."""
    turns = [shares.turn_of(owner) for owner in ground.sets]
    growths = []
    for index, (of, shape) in enumerate(ground.shapes):
        owner = ground.sets[of]
        scale = 0.0 if owner.uid in shares.paused else scales.get(owner.key, 0.0)
        growths += [(-density(each) * scale, turns[of], index, place) for place, each in enumerate(shape.elastic)]
    return [(index, place, -worth) for worth, _, index, place in sorted(growths)]
