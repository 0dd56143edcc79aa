"""What couples the nodes, as limits over what sets take: ceilings, tenants' limits, and levels of fair shares.

Sets of a *tier* share a level: the dominant share of each is its rate times that level, no more and no less (DRF,
NSDI'11). Whoever can't hold the others back any more is in a later tier, and takes what the tiers before it leave.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.interior_point import Program
from paraset_operator.planning.problem import Floats, Ints
from paraset_operator.planning.proposals import Proposal
from paraset_operator.planning.quotas import Quotas

# What the shares of the first tier together are worth beside all worth there is, and those of later tiers: a little
# more of a share is not bought with much work.
_LEVEL_WORTH = 0.7
_LATER_WORTH = 0.1
# What it costs to exceed a fair share by all there is: only who holds more already does.
_EXCESS_COST = 20.0
# So much of the highest level is kept, whatever it is worth.
_KEPT = 0.97


@dataclass(frozen=True, slots=True)
class Fair:
    """By set: the resource of which it takes most (-1: takes nothing), its rate, and its tier; by tier the level that
    was found to be possible."""

    dominant: Ints
    rate: Floats
    tier: Ints
    reached: tuple[float, ...] = (0.0,)

    @property
    def tiers(self) -> int:
        """How many tiers there are."""
        return int(self.tier.max(initial=0)) + 1


@dataclass(slots=True)
class _Rows:
    weights: list[Floats] = field(default_factory=list)
    bound: list[float] = field(default_factory=list)
    level: list[Floats] = field(default_factory=list)
    may_exceed: list[bool] = field(default_factory=list)

    def add(self, weights: Floats, bound: float, level: Floats, *, may_exceed: bool = False) -> None:
        self.weights.append(weights)
        self.bound.append(bound)
        self.level.append(level)
        self.may_exceed.append(may_exceed)


@dataclass(frozen=True, slots=True)
class Coupling:
    """Limits (m): what counts how much (m x sets x columns + 1), the bound, and how a tier's level moves it."""

    weights: Floats
    bound: Floats
    level: Floats
    may_exceed: NDArray[np.bool_]
    worth: Floats

    def program(self, proposals: list[Proposal], scale: Floats, all_worth: float) -> Program:
        """Return the choice between proposals; nothing at all is the last one.

        Nodes stand for `scale` nodes each: resource by resource, in the last place in number.
        """
        nodes, limits = len(proposals[0].worth), len(self.bound)
        weights = (self.weights * scale).reshape(limits, -1).T
        use = [each.taken.reshape(nodes, -1) @ weights for each in proposals]
        worth = [each.worth * (scale[-1] / all_worth) for each in proposals]
        excess = -np.eye(limits)[:, self.may_exceed]
        costs = np.full(excess.shape[1], -_EXCESS_COST)
        return Program(
            np.stack([*worth, np.zeros(nodes)], axis=1),
            np.stack([*use, np.zeros((nodes, limits))], axis=1),
            np.concatenate([self.worth, costs]),
            np.hstack([self.level, excess]),
            self.bound,
        )

    def prices(self, prices: Floats, scale: Floats, all_worth: float) -> Floats:
        """Return what each set pays for a unit of each resource, and for an instance (sets x columns + 1)."""
        paid: Floats = np.tensordot(prices, self.weights, axes=1) * (all_worth * scale / scale[-1])
        return paid


def coupling(quotas: Quotas, fair: Fair, taken: Ints, scarce: NDArray[np.bool_]) -> Coupling:
    """Return all limits; `taken` (sets x columns) says what sets can take, `scarce` whose ceiling may be reached."""
    rows = _Rows()
    _add_quotas(rows, quotas, fair.tiers, scarce)
    for of in np.flatnonzero(fair.dominant >= 0).tolist():
        for column in np.flatnonzero((quotas.fillable > 0) & (taken[of] > 0)).tolist():
            rows.add(*_share(quotas, fair, of, column, +1), may_exceed=True)
        rows.add(*_share(quotas, fair, of, int(fair.dominant[of]), -1), may_exceed=True)
    present = fair.dominant >= 0
    by_tier = np.zeros(fair.tiers)
    np.add.at(by_tier, fair.tier[present], fair.rate[present])
    worth: Floats = by_tier * np.where(np.arange(fair.tiers) == 0, _LEVEL_WORTH, _LATER_WORTH)
    return _of(rows, worth)


def floors(quotas: Quotas, fair: Fair, scarce: NDArray[np.bool_], reached: list[float]) -> Coupling:
    """Return limits for the highest level of the tier after those that have reached theirs, whatever it is worth.

    The last are floors, one for each set that takes anything, in their order.
    """
    rows, fair = _Rows(), replace(fair, reached=())
    _add_quotas(rows, quotas, fair.tiers, scarce)
    for of in np.flatnonzero(fair.dominant >= 0).tolist():
        weights, bound, level = _share(quotas, fair, of, int(fair.dominant[of]), -1)
        if fair.tier[of] < len(reached):
            bound -= fair.rate[of] * reached[fair.tier[of]]
            level = np.zeros_like(level)
        rows.add(weights, bound, level, may_exceed=fair.tier[of] < len(reached))
    # Levels that were reached are used for nothing: were they free, there would be no end to them.
    worth: Floats = np.where(np.arange(fair.tiers) == len(reached), 1.0, -1.0)
    return _of(rows, worth)


def _of(rows: _Rows, worth: Floats) -> Coupling:
    return Coupling(
        np.array(rows.weights), np.array(rows.bound), np.array(rows.level), np.array(rows.may_exceed, dtype=bool), worth
    )


def _add_quotas(rows: _Rows, quotas: Quotas, tiers: int, scarce: NDArray[np.bool_]) -> None:
    sets, columns = quotas.held.shape
    nothing = np.zeros(tiers)
    for of in np.flatnonzero(scarce).tolist():
        weights = np.zeros((sets, columns + 1))
        weights[of, -1] = 1.0 / max(1, int(quotas.most[of]))
        rows.add(weights, 1.0, nothing)
    for limit in quotas.limits:
        weights = np.zeros((sets, columns + 1))
        weights[limit.members, limit.column] = 1.0 / max(1, limit.left)
        rows.add(weights, 1.0 if limit.left > 0 else 0.0, nothing)


def _share(quotas: Quotas, fair: Fair, of: int, column: int, sign: int) -> tuple[Floats, float, Floats]:
    """Return the limit that a share of a resource is at most (+1), or at least (-1), the rate times the level."""
    sets, columns = quotas.held.shape
    weights, level = np.zeros((sets, columns + 1)), np.zeros(fair.tiers)
    fillable = float(quotas.fillable[column])
    weights[of, column] = sign / fillable
    level[fair.tier[of]] = -sign * fair.rate[of]
    kept = _KEPT * fair.reached[fair.tier[of]] if fair.reached else 0.0
    return weights, sign * (kept * fair.rate[of] - float(quotas.held[of, column]) / fillable), level


def rates(quotas: Quotas, dominant: Ints) -> Floats:
    """Return how fast each set's share rises, so that tenants' shares rise by weight, and within each those of sets."""
    rate = np.zeros(len(dominant))
    for tenant in np.unique(quotas.tenant).tolist():
        mine = np.flatnonzero((quotas.tenant == tenant) & (dominant >= 0))
        if len(mine):
            speed = np.bincount(dominant[mine], weights=quotas.weight[mine]).max()
            rate[mine] = quotas.tenant_weight[tenant] * quotas.weight[mine] / speed
    scaled: Floats = rate / max(float(rate.max(initial=0.0)), 1e-12)
    return scaled
