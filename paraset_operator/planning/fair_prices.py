"""What options count for, so that fair shares and quotas come out of packing every node by itself.

A set with little of its fair share is favoured: what its options are worth counts more. A set above its ceiling pays
for each filler, one above its tenant's limits for what it takes. Favours and prices are found on a sample of the nodes,
in rounds: pack with the present ones, then favour a little more who got less than the others (by dominant share and
weight: DRF, NSDI'11), and less who got more. Small steps keep to each node the sets that make most of it. Every node is
then packed as in one of the last rounds, with a little noise, so that no set wins everywhere for being a little ahead.
"""

from dataclasses import dataclass

import numpy as np

from paraset_operator.planning.packing import Gains, pack
from paraset_operator.planning.problem import Floats, Holes, Ints, Options
from paraset_operator.planning.quotas import Quotas, number_by, used_by

_SAMPLE = 64
_ROUNDS = 12
_WARM_UP = 6
_LAST = 6
# Less than this part of all that is fillable is dealt out at once.
_LITTLE = 0.05
_GOLDEN = 0.6180339887498949
_STEP = 0.35
_MOST_FAVOUR = 4.0
_LEAST_FAVOUR = 0.3
# Shares below this are taken for this: who has nothing is not favoured without end.
_LEAST = 1e-3
# A quota has its full price when it is exceeded by this part.
_SLACK = 0.15
_FIRST_STEP = 0.4
_PATTERNS = 4
_SIGMA = 0.2
_PRIMES = np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0, 29.0])


def fair_gains(holes: Holes, options: Options, quotas: Quotas) -> Gains:
    """Return what each option counts for on each node."""
    rows, sets = _sample(holes), len(quotas.most)
    sample, scale = holes.at(rows), len(holes) / max(1, len(rows))
    state = _Prices(options, quotas, np.zeros(quotas.held.shape), np.zeros(sets), -np.log(_fair_weights(quotas)))
    worth: list[Floats] = []
    parts: list[float] = []
    for number in range(_rounds(holes, quotas)):
        worth.append(state.favoured() * _noise(options, sets) - state.price())
        counts, _ = pack(sample, options, Gains(worth[-1], np.arange(len(rows)) % _PATTERNS), quick=True)
        # What came before the last rounds was only to find out where to begin.
        step = 2.0 / (number + 2.0) if number < _WARM_UP else 2.0 / (number - _WARM_UP + 2.0)
        parts = [*(part * (1 - step) for part in parts), step]
        used: Floats = np.multiply(used_by(counts, options, sets), scale, dtype=np.float64)
        numbers: Floats = np.multiply(number_by(counts, options, sets), scale, dtype=np.float64)
        state.used += step * (used - state.used)
        state.charge(numbers, number)
        state.favour_more(used, numbers, number)
    # The rounds of the warm-up have no part any more.
    patterns = np.repeat(np.array(parts[-_LAST:]) / sum(parts[-_LAST:]), _PATTERNS) / _PATTERNS
    return Gains(np.concatenate(worth[-_LAST:]), _spread(holes, patterns))


def _fair_weights(quotas: Quotas) -> Floats:
    """Return the part of all that each set is due, by tenant and weight."""
    of_tenant = np.bincount(quotas.tenant, weights=quotas.weight)[quotas.tenant]
    weights: Floats = quotas.tenant_weight[quotas.tenant] * quotas.weight / of_tenant
    parts: Floats = weights / weights.min()
    return parts


def _noise(options: Options, sets: int) -> Floats:
    """Return factors by which sets count more or less on some nodes, so that none wins all for being a little ahead."""
    spread = (np.arange(1, _PATTERNS + 1)[:, None] * np.sqrt(_PRIMES[np.arange(sets) % len(_PRIMES)])[None, :]) % 1.0
    noise: Floats = np.exp(_SIGMA * (2.0 * spread - 1.0))[:, options.owner]
    return noise


def _rounds(holes: Holes, quotas: Quotas) -> int:
    """Return how many rounds it takes: where little is dealt out, weights are enough, and exchanges do the rest."""
    known = quotas.fillable > 0
    dealt = (holes.free[:, known].clip(min=0).sum(axis=0) / quotas.fillable[known]).max(initial=0.0)
    return 1 if dealt < _LITTLE else _ROUNDS


def _spread(holes: Holes, parts: Floats) -> Ints:
    """Return a round for each node, so that nodes large and small are spread evenly over rounds by their part."""
    group = np.empty(len(holes), dtype=np.int64)
    order = np.argsort(-_size(holes), kind="stable")
    place = (np.arange(len(holes)) + 0.5) * _GOLDEN % 1.0
    group[order] = np.searchsorted(parts.cumsum()[:-1], place, side="right")
    return group


def _size(holes: Holes) -> Floats:
    """Return how large each node is beside the others."""
    free = holes.free.clip(min=0)
    size: Floats = (free / np.maximum(1, free.sum(axis=0))).max(axis=1)
    return size


def _sample(holes: Holes) -> Ints:
    """Return nodes large and small, evenly."""
    order = np.argsort(-_size(holes), kind="stable")
    number = min(_SAMPLE, len(holes))
    return np.sort(order[(np.arange(number) * len(holes) + len(holes) // 2) // max(1, number) % max(1, len(holes))])


@dataclass(slots=True)
class _Prices:
    """What sets took on average so far, the price of a filler (a part of the dearest), and the favour (a logarithm)."""

    options: Options
    quotas: Quotas
    used: Floats
    ceiling: Floats
    favour: Floats

    def favoured(self) -> Floats:
        """Return what each option counts for: worth by share, more for a set that had too little; growth as it is."""
        smallest = self.options.value[self.options.twin]
        favour = np.exp(self.favour - self.favour.min())
        favoured: Floats = smallest * favour[self.options.owner] + self.options.value - smallest
        return favoured

    def favour_more(self, used: Floats, numbers: Floats, number: int) -> None:
        """Favour sets below the level of the others more than before, and those above it less."""
        levels = np.log(self.quotas.levels(used).clip(min=_LEAST))
        hungry = numbers < self.quotas.most
        mean = levels[hungry].mean() if hungry.any() else 0.0
        change = np.where(hungry, levels - mean, 0.0).clip(min=-1.5, max=1.5)
        step = _STEP / (1.0 + number / _ROUNDS)
        # Where most sets are held by their ceilings, favours would only send their few fillers to the wrong places.
        most = _MOST_FAVOUR if (self.ceiling > 0).mean() < 0.5 else _LEAST_FAVOUR
        self.favour = (self.favour - step * change).clip(min=self.favour.max() - most)

    def charge(self, numbers: Floats, number: int) -> None:
        """Raise the price of a filler where the last round exceeded a ceiling, lower it where that was not reached."""
        excess = (numbers / self.quotas.most.clip(min=1) - 1.0).clip(min=-1.0, max=1.0)
        self.ceiling = (self.ceiling + excess * _FIRST_STEP / (1.0 + number / 3.0)).clip(min=0.0, max=1.0)

    def price(self) -> Floats:
        """Return what each option pays for quotas that its set exceeds."""
        favoured, dearest = self.favoured(), np.zeros(len(self.ceiling))
        np.maximum.at(dearest, self.options.owner, favoured)
        price: Floats = (self.ceiling * dearest)[self.options.owner]
        for limit in self.quotas.limits:
            mine = np.isin(self.options.owner, limit.members)
            need = np.where(mine, self.options.need[:, limit.column], 0)
            dear = favoured[need > 0] / need[need > 0]
            used = float(self.used[limit.members, limit.column].sum())
            part = (used / max(1, limit.left) - 1.0) / _SLACK
            price = price + need * dear.max(initial=0.0) * min(1.0, max(0.0, part))
        return price
