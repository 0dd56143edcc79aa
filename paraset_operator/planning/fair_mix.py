"""Fair shares and quotas out of packing every node by itself: at prices, several times, and one filling chosen of each.

1. on a sample of the nodes: pack at the present prices, mix all fillings found so far so that limits and fair shares
   hold and most is won, take the prices from there (column generation; Dantzig and Wolfe, Oper. Res. 8, 1960)
2. all nodes are packed at the prices that the best mix was made of, and mixed once more; each takes one filling
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.interior_point import Mixture, Program, best_mixture
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
_EXACT_GAP = 1e-6
# So many nodes are mixed at a time. If there are more, those whose best choice leads clearly take it: by this part of
# what a node is worth.
_MOST_MIXED = 1000
_CLEAR = 0.01
_GOLDEN = 0.6180339887498949
_NOISE = 1e-3
_CERTAIN = 0.99
_UNLIKELY = 0.01


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
    rows = sample(holes, _MOST_MIXED)
    some = whole.at(rows)
    some.find_tiers()
    whole.fair = some.fair
    for more in range(_MORE):
        prices.append(some.prices_in(some.mix()))
        whole.proposals.append(propose(holes, options, prices[-1], quick=more < _MORE - _THOROUGH))
        some = whole.at(rows)
    program = whole.program()
    parts = _parts(program, whole.coupling().may_exceed, some.mix(_EXACT_GAP).prices)
    return _fillings(whole, parts, _chosen(program, parts))


def _parts(program: Program, may_exceed: NDArray[np.bool_], prices: Floats) -> Floats:
    """Return the parts of the best mix: nodes that these prices leave in doubt are mixed, block by block."""
    parts, in_doubt = _decided(program, prices)
    used = np.tensordot(parts, program.use, axes=([0, 1], [0, 1]))
    rest = np.where(may_exceed, program.bound - used, (program.bound - used).clip(min=0.0))
    blocks = -(-len(in_doubt) // _MOST_MIXED)
    for begin in range(blocks):
        rows = in_doubt[begin::blocks]
        worth, use = program.worth[rows] * blocks, program.use[rows] * blocks
        noise = 1 + _NOISE * (np.arange(worth.size).reshape(worth.shape) * _GOLDEN % 1)
        block = replace(program, worth=worth * noise, use=use, bound=rest)
        parts[rows] = best_mixture(block, _EXACT_GAP).parts
    return parts


def _decided(program: Program, prices: Floats) -> tuple[Floats, Ints]:
    """Return the parts of nodes that take what is clearly best at these prices, and the others, most in doubt first.

    As many as can be mixed at once are left in doubt.
    """
    net = program.worth - program.use @ prices
    best, rows = net.argmax(axis=1), np.arange(len(net))
    is_same = (program.use == program.use[rows, best][:, None, :]).all(axis=2) & (
        program.worth == program.worth[rows, best][:, None]
    )
    lead = net[rows, best] - np.where(is_same, -np.inf, net).max(axis=1)
    order = np.argsort(lead, kind="stable")
    clear = order[_MOST_MIXED:][lead[order[_MOST_MIXED:]] > _CLEAR * program.worth.max(axis=1).mean()]
    parts = np.zeros_like(net)
    parts[clear, best[clear]] = 1.0
    return parts, np.setdiff1d(order, clear, assume_unique=True)


def _chosen(program: Program, parts: Floats) -> Ints:
    """Return one choice for each node: where a mix takes parts of several, that which brings the sums closest to it."""
    chosen: Ints = parts.argmax(axis=1)
    use = program.use
    off = np.zeros(use.shape[2])
    open_rows = np.flatnonzero(parts.max(axis=1) < _CERTAIN)
    for row in open_rows[np.argsort(-np.abs(use[open_rows]).max(axis=(1, 2)), kind="stable")].tolist():
        likely = np.flatnonzero(parts[row] >= min(_UNLIKELY, parts[row].max()))
        aside = off + use[row, likely] - parts[row] @ use[row]
        best = int((aside**2).sum(axis=1).argmin())
        off, chosen[row] = aside[best], likely[best]
    return chosen


def _fillings(menu: Menu, parts: Floats, chosen: Ints) -> FairMix:
    """Return what each node takes by its choice; the last choice is nothing at all."""
    counts, left = np.zeros_like(menu.proposals[0].counts), Left.of(menu.holes)
    for index, proposal in enumerate(menu.proposals):
        rows = np.flatnonzero(chosen == index)
        counts[rows] = proposal.counts[rows]
        left.put_rows(rows, proposal.left.rows(rows))
    return FairMix(counts, left, menu.prices[-1].gains(menu.options), menu.quotas.shares(menu.taken_in(parts)))
