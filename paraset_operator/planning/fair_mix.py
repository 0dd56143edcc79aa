"""Fair shares and quotas out of packing every node by itself: at prices, several times, and one filling chosen of each.

1. on a sample of the nodes: pack at the present prices, mix all fillings found so far so that limits and fair shares
   hold and most is won, take the prices from there (column generation; Dantzig and Wolfe, Oper. Res. 8, 1960)
2. all nodes are packed at the prices that the best mix was made of, and mixed once more; each takes one filling
"""

from dataclasses import dataclass, replace

import numpy as np

from paraset_operator.planning.choosing import choose
from paraset_operator.planning.interior_point import Mixture
from paraset_operator.planning.leftovers import Left
from paraset_operator.planning.menu import Menu
from paraset_operator.planning.problem import Floats, Holes, Ints, Options
from paraset_operator.planning.proposals import propose
from paraset_operator.planning.quotas import Quotas

_SAMPLE = 64
_ROUNDS = 8
# After so many rounds it is looked up who holds back whom, and again whenever nothing more can be won.
_WARM_UP = 2
# At so many prices of the sample's mix all nodes are packed, then at some of their own, the last ones the full way.
_KEPT = 6
_MORE = 3
_THOROUGH = 2
# These are the prices of so many of them.
_SOME = 500


@dataclass(frozen=True, slots=True)
class FairMix:
    """What each node takes (N x S) and what that leaves; what an option counts for at the prices that led there, and
    the dominant share of each set in the mix that this should come to."""

    counts: Ints
    left: Left
    gains: Floats
    due: Floats


def fair_mix(holes: Holes, options: Options, quotas: Quotas) -> FairMix:
    """Return fillings of all nodes that together are fair and within quotas, but for what single nodes are off."""
    rows = sample(holes, _SAMPLE)
    menu = Menu.open(holes.at(rows), options, quotas, _scale(holes, rows))
    if not menu.is_wanted:
        nothing = np.zeros((len(holes), len(options)), dtype=np.int64)
        return FairMix(nothing, Left.of(holes), options.value, np.zeros(len(quotas.most)))
    is_settled = False
    for number in range(_ROUNDS):
        if number == _WARM_UP or is_settled:
            has_news = menu.find_tiers()
            if is_settled and not has_news:
                break
        mixture = menu.mix()
        is_settled = not menu.propose(mixture)
    return _dealt(holes, options, menu, mixture)


def sample(holes: Holes, most: int) -> Ints:
    """Return nodes large and small, evenly."""
    free = holes.free.clip(min=0)
    size = (free / np.maximum(1, free.sum(axis=0))).max(axis=1)
    order, number = np.argsort(-size, kind="stable"), min(most, len(holes))
    return np.sort(order[(np.arange(number) * len(holes) + len(holes) // 2) // max(1, number) % max(1, len(holes))])


def _scale(holes: Holes, rows: Ints) -> Floats:
    """Return for how much each of some nodes stands: by resource, then in number."""
    free = holes.free.clip(min=0)
    number = len(holes) / len(rows)
    some = free[rows].sum(axis=0)
    scale = np.where(some > 0, free.sum(axis=0) / some.clip(min=1), number)
    return np.append(scale, number)


def _dealt(holes: Holes, options: Options, menu: Menu, mixture: Mixture) -> FairMix:
    """Pack all nodes at the prices of a sample's best mix, mix once more, and choose a filling for each node."""
    heavy = np.sort(np.argsort(-menu.weights(mixture), kind="stable")[:_KEPT])
    prices = [menu.prices[index] for index in heavy.tolist()]
    whole = replace(menu, holes=holes, scale=np.ones_like(menu.scale), prices=prices)
    whole.proposals = [propose(holes, options, each, quick=True) for each in prices]
    rows = sample(holes, _SOME)
    some = whole.at(rows)
    some.find_tiers()
    whole.fair = some.fair
    for more in range(_MORE):
        prices.append(some.prices_in(some.mix()))
        whole.proposals.append(propose(holes, options, prices[-1], quick=more < _MORE - _THOROUGH))
        some = whole.at(rows)
    mixture = some.mix()
    chosen, taken = choose(whole, some.prices_in(mixture), mixture.left * some.all_worth / float(some.scale[-1]))
    counts, rest = whole.fillings(chosen)
    return FairMix(counts, rest, prices[-1].gains(options), menu.quotas.shares(taken[:, :-1]))
