"""Fair shares and quotas out of packing every node by itself: at prices, several times, and one filling chosen of each.

1. on a sample of the nodes: pack at the present prices, mix all fillings found so far so that limits and fair shares
   hold and most is won, take the prices from there (column generation; Dantzig and Wolfe, Oper. Res. 8, 1960)
2. all nodes are packed at the prices that the best mix was made of, and mixed once more; each takes one filling
"""

from dataclasses import dataclass, replace

import numpy as np

from paraset_operator.planning.coupling import Coupling
from paraset_operator.planning.interior_point import Mixture, best_mixture
from paraset_operator.planning.menu import GAP, Menu
from paraset_operator.planning.problem import Floats, Holes, Ints, Options
from paraset_operator.planning.proposals import Prices, propose
from paraset_operator.planning.quotas import Quotas

_SAMPLE = 64
_ROUNDS = 8
# After so many rounds it is looked up who holds back whom, and again whenever nothing more can be won.
_WARM_UP = 2
# With so many fillings that the sample's mix is made of all nodes are packed, and some more at their own prices.
_KEPT = 6
_MORE = 2
_EXACT_GAP = 1e-6
# So many nodes are mixed at a time.
_BLOCK = 1000
_GOLDEN = 0.6180339887498949
_NOISE = 1e-3
_CERTAIN = 0.99
_UNLIKELY = 0.01


@dataclass(frozen=True, slots=True)
class FairMix:
    """What each node takes (N x S), what an option counts for at the prices that led there, and the dominant share of
    each set in the mix that this should come to."""

    counts: Ints
    gains: Floats
    due: Floats


def fair_mix(holes: Holes, options: Options, quotas: Quotas) -> FairMix:
    """Return fillings of all nodes that together are fair and within quotas, but for what single nodes are off."""
    rows = sample(holes)
    menu = Menu.open(holes.at(rows), options, quotas, _scale(holes, rows))
    if not menu.is_wanted:
        return FairMix(np.zeros((len(holes), len(options)), dtype=np.int64), options.value, np.zeros(len(quotas.most)))
    is_settled = False
    for number in range(_ROUNDS):
        if (number == _WARM_UP or is_settled) and not menu.find_tiers() and is_settled:
            break
        mixture = menu.mix()
        is_settled = not menu.propose(mixture)
    return _dealt(holes, options, menu, mixture)


def sample(holes: Holes) -> Ints:
    """Return nodes large and small, evenly."""
    order, number = by_size(holes), min(_SAMPLE, len(holes))
    return np.sort(order[(np.arange(number) * len(holes) + len(holes) // 2) // max(1, number) % max(1, len(holes))])


def _scale(holes: Holes, rows: Ints) -> Floats:
    """Return for how much each of some nodes stands: by resource, then in number."""
    free = holes.free.clip(min=0)
    number = len(holes) / len(rows)
    some = free[rows].sum(axis=0)
    scale = np.where(some > 0, free.sum(axis=0) / some.clip(min=1), number)
    return np.append(scale, number)


def by_size(holes: Holes) -> Ints:
    """Return the nodes in order of how much of anything is free there, most first."""
    free = holes.free.clip(min=0)
    return np.argsort(-(free / np.maximum(1, free.sum(axis=0))).max(axis=1), kind="stable")


def _dealt(holes: Holes, options: Options, menu: Menu, mixture: Mixture) -> FairMix:
    """Pack all nodes at the prices of a sample's best mix, mix once more, and choose a filling for each node."""
    weight = menu.weights(mixture)
    heavy = np.sort(np.argsort(-weight, kind="stable")[:_KEPT])
    prices = [menu.prices[index] for index in heavy.tolist()]
    whole = replace(menu, holes=holes, scale=np.ones_like(menu.scale), prices=prices)
    whole.proposals = [propose(holes, options, each, quick=True) for each in prices]
    blocks = _blocks(holes)
    some = whole.at(blocks[0])
    some.find_tiers()
    whole.fair = some.fair
    limits = whole.coupling()
    for more in range(_MORE):
        mixed = _mix_blocks(limits, whole, blocks, GAP, 0.0)
        prices.append(Prices(limits.prices(mixed.prices, whole.scale, whole.all_worth)))
        whole.proposals.append(propose(holes, options, prices[-1], quick=more < _MORE - 1))
    mixed = _mix_blocks(limits, whole, blocks, _EXACT_GAP, _NOISE)
    chosen = _chosen(limits, whole, mixed, blocks)
    counts = np.zeros((len(holes), len(options)), dtype=np.int64)
    for index, proposal in enumerate(whole.proposals):
        counts[chosen == index] = proposal.counts[chosen == index]
    return FairMix(counts, prices[-1].gains(options), menu.quotas.shares(whole.taken_in(mixed)))


def _blocks(holes: Holes) -> list[Ints]:
    """Return the nodes in blocks of like nodes."""
    order, number = by_size(holes), -(-len(holes) // _BLOCK)
    return [order[begin::number] for begin in range(number)]


def _mix_blocks(limits: Coupling, menu: Menu, blocks: list[Ints], gap: float, noise: float) -> Mixture:
    """Return the mix of all nodes, block by block; a little noise decides between what is worth the same."""
    nodes, choices = len(menu.holes), len(menu.proposals) + 1
    parts, prices = np.zeros((nodes, choices)), np.zeros(len(limits.bound))
    for rows in blocks:
        some = menu.at(rows)
        program = limits.program(some.proposals, some.scale, some.all_worth)
        noisy = program.worth * (1 + noise * (np.arange(program.worth.size).reshape(program.worth.shape) * _GOLDEN % 1))
        mixed = best_mixture(replace(program, worth=noisy), gap)
        parts[rows] = mixed.parts
        prices += mixed.prices * (len(rows) / nodes)
    return Mixture(parts, np.zeros(0), prices)


def _chosen(limits: Coupling, menu: Menu, mixed: Mixture, blocks: list[Ints]) -> Ints:
    """Return one choice for each node: where a mix takes parts of several, that which brings the sums closest to it."""
    chosen: Ints = mixed.parts.argmax(axis=1)
    program = limits.program(menu.proposals, menu.scale, menu.all_worth)
    off = np.zeros(len(limits.bound))
    for row in np.concatenate(blocks):
        likely = np.flatnonzero(mixed.parts[row] > _UNLIKELY)
        if len(likely) < 2 or mixed.parts[row].max() > _CERTAIN:
            continue
        aside = program.use[row, likely] - mixed.parts[row] @ program.use[row]
        best = likely[((off + aside) ** 2).sum(axis=1).argmin()]
        off = off + program.use[row, best] - mixed.parts[row] @ program.use[row]
        chosen[row] = best
    return chosen
