"""Which set is served first on which node, so that the shares come out fair.

Serving every set first on its part of the nodes gives it, on those, what it can use best, and leaves to others what it
can't use. Nodes are dealt out by what each set is owed (weighted max-min of dominant shares: DRF, NSDI'11), then change
hands from sets above their fair share to sets below it.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.problem import Floats, Holes, Ints
from paraset_operator.planning.quotas import Quotas

_GOLDEN = 0.6180339887498949
_ROUNDS = 4
# Shares within this part of what is fair are left as they are.
_FAIR = 0.01
# Who gains less than this part of what it was given can't use more.
_SATED = 0.1


class Dealable(Protocol):
    """What changes hands: nodes with the set that is served first on each, and what the sets take then."""

    holes: Holes
    quotas: Quotas
    first: Ints

    @property
    def used(self) -> Ints:
        """What each set takes."""
        ...

    @property
    def numbers(self) -> Ints:
        """How many instances each set gets."""
        ...

    def pack(self, rows: Ints) -> None:
        """Pack some of the nodes anew."""
        ...


def dealt(holes: Holes, quotas: Quotas) -> Ints:
    """Return the set that is served first on each node, spread evenly over nodes large and small."""
    owed = _owed(holes, quotas)
    if not len(holes) or owed.sum() <= 0:
        return np.zeros(len(holes), dtype=np.int64)
    capacity = _capacity(holes, quotas)
    order = np.lexsort((np.arange(len(holes)), -capacity))
    first = np.empty(len(holes), dtype=np.int64)
    spread = (np.arange(len(holes)) + 0.5) * _GOLDEN % 1.0
    first[order] = np.searchsorted((owed / owed.sum()).cumsum()[:-1], spread, side="right")
    return first


def _capacity(holes: Holes, quotas: Quotas) -> Floats:
    known = quotas.fillable > 0
    if not known.any():
        return np.zeros(len(holes))
    capacity: Floats = (holes.free[:, known].clip(min=0) / quotas.fillable[known]).max(axis=1)
    return capacity


def _owed(holes: Holes, quotas: Quotas) -> Floats:
    """Return how much each set has to gain to reach one level, if what is free were dealt out by weight."""
    wants = (quotas.most > 0) & holes.admits.any(axis=0)
    weights = np.array(
        [
            quotas.tenant_weight[each] * quotas.weight[row] / quotas.weight[wants & (quotas.tenant == each)].sum()
            if wants[row]
            else 0.0
            for row, each in enumerate(quotas.tenant)
        ]
    )
    held = quotas.shares(np.zeros_like(quotas.held))
    low, high = 0.0, 2.0 / max(1e-9, float(weights.max(initial=0.0)))
    room = float(_capacity(holes, quotas).sum())
    for _ in range(40):
        level = (low + high) / 2
        if (weights * level - held).clip(min=0.0).sum() > room:
            high = level
        else:
            low = level
    owed: Floats = (weights * low - held).clip(min=0.0) * wants
    return owed


def regret(deal: Dealable) -> None:
    """Let nodes change hands until shares are fair, or those below their share can't use more."""
    hungry = (deal.numbers < deal.quotas.most) & deal.holes.admits.any(axis=0)
    for _ in range(_ROUNDS):
        shares = deal.quotas.shares(deal.used)
        moved, takers = _moves(deal, shares, hungry)
        if not len(moved):
            return
        before = deal.first[moved].copy()
        deal.first[moved] = takers
        deal.pack(moved)
        hungry = _still_hungry(deal, shares, hungry, takers, before)


def _moves(deal: Dealable, shares: Floats, hungry: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return the nodes that change hands and their takers."""
    nothing = np.zeros(0, dtype=np.int64)
    if hungry.sum() < 2:
        return nothing, nothing
    lacks = deal.quotas.targets(deal.used, hungry) - shares
    lacks[~hungry] = 0.0
    if (np.abs(lacks) <= _FAIR * shares.clip(min=1e-9)).all():
        return nothing, nothing
    capacity = _capacity(deal.holes, deal.quotas)
    given = [_evenly(np.flatnonzero(deal.first == of), -lacks[of], capacity) for of in np.flatnonzero(lacks < 0)]
    moved = np.sort(np.concatenate(given)) if given else nothing
    wanted = lacks.clip(min=0.0)
    if not len(moved) or wanted.sum() <= 0:
        return nothing, nothing
    spread = (np.arange(len(moved)) + 0.5) * _GOLDEN % 1.0
    return moved, np.searchsorted((wanted / wanted.sum()).cumsum()[:-1], spread, side="right").astype(np.int64)


def _evenly(rows: Ints, amount: float, capacity: Floats) -> Ints:
    """Return so many of the rows, spread over all, that their capacity is about the amount."""
    total = float(capacity[rows].sum())
    if not len(rows) or total <= 0:
        return rows[:0]
    number = min(len(rows), int(amount / total * len(rows) + 0.5))
    return rows[(np.arange(number) * len(rows)) // max(1, number)]


def _still_hungry(
    deal: Dealable, shares: Floats, hungry: NDArray[np.bool_], takers: Ints, _before: Ints
) -> NDArray[np.bool_]:
    now = deal.quotas.shares(deal.used)
    given = np.bincount(takers, minlength=len(shares)) / max(1, len(deal.holes))
    sated = (given > 0) & (now - shares < _SATED * given * now.clip(min=1e-9))
    return hungry & ~sated & (deal.numbers < deal.quotas.most)
