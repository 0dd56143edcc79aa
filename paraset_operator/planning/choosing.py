"""One filling for each node, out of what was proposed, so that sums come to those of the best mix.

Of many nodes, most take at once what a mix of some says: at its prices, each choice as often as it is taken there.
What the sums are still off, the others make good: these are mixed by themselves, and who takes parts of several takes
one.
"""

from dataclasses import replace

import numpy as np

from paraset_operator.planning.interior_point import Program, best_mixture
from paraset_operator.planning.menu import Menu
from paraset_operator.planning.problem import Floats, Ints
from paraset_operator.planning.proposals import Prices

# So many nodes are mixed by themselves.
_MOST_MIXED = 500
_GAP = 1e-5
_GOLDEN = 0.6180339887498949
_NOISE = 1e-3
_CERTAIN = 0.99
_UNLIKELY = 0.01
# A limit of which less is used does not count by parts.
_NO_SUM = 1e-4
_TURNS = 3
# What is taken by fewer nodes than this part of those is left to them, but for nodes that hardly take anything else.
_SELDOM = 0.1
_LIKELY = 0.5
# So often the worth of a node is corrected: it closes in on it by half, to begin with, then by squares.
_CORRECTIONS = 8


def choose(menu: Menu, prices: Prices, left: float) -> tuple[Ints, Floats]:
    """Return the choice of each node (the last is nothing), and what sets take in the mix (sets x columns + 1).

    `left` is how much the mix, at these prices, has left to win by each choice of a node, times its part.
    """
    nodes = np.arange(len(menu.holes))
    rows = np.unique(np.linspace(0, len(nodes) - 1, _MOST_MIXED).astype(np.int64))
    parts = _whole_parts(menu.net(prices), left)
    parts[rows] = 0.0
    limits, taken = menu.coupling(), menu.taken_in(parts)
    rest = limits.bound - np.tensordot(limits.weights, taken, axes=2)
    rest = np.where(limits.may_exceed, rest, rest.clip(min=0.0))
    some = menu.at(rows)
    program = limits.program(some.proposals, menu.scale, menu.all_worth)
    noise = 1 + _NOISE * (np.arange(program.worth.size).reshape(program.worth.shape) * _GOLDEN % 1)
    mixed = best_mixture(replace(program, worth=program.worth * noise, bound=rest), _GAP).parts
    chosen = parts.argmax(axis=1)
    chosen[rows] = _chosen(program, mixed)
    return chosen, taken + some.taken_in(mixed)


def _whole_parts(net: Floats, left: float) -> Floats:
    """Return a choice of each node: those in doubt take turns.

    By what there is left to win at the centre, parts follow from prices: part times what the choice lacks is `left`.
    """
    top = net.max(axis=1) + left
    for _ in range(_CORRECTIONS):
        part = left / (top[:, None] - net)
        total = part.sum(axis=1)
        top += (total - 1) * total * left / (part**2).sum(axis=1)
    part = left / (top[:, None] - net)
    common = np.where(part.sum(axis=0) < _SELDOM * _MOST_MIXED, 0.0, part)
    upto = np.where(common.sum(axis=1, keepdims=True) < _LIKELY, part, common).cumsum(axis=1)
    # Nodes of about the same worth take turns.
    order = np.argsort(np.argsort(top, kind="stable"), kind="stable")
    turn = ((order + 1) * _GOLDEN % 1)[:, None] * upto[:, -1:]
    parts = np.zeros_like(net)
    parts[np.arange(len(net)), (upto <= turn).sum(axis=1).clip(max=net.shape[1] - 1)] = 1.0
    return parts


def _chosen(program: Program, parts: Floats) -> Ints:
    """Return one choice for each node: where a mix takes parts of several, that which brings the sums closest to it.

    Sums count by the part that they are off. What was chosen first is chosen anew once all others are known.
    """
    chosen: Ints = parts.argmax(axis=1)
    sums = np.abs(np.tensordot(parts, program.use, axes=2))
    use = program.use / np.where(sums > _NO_SUM, sums, 1.0)
    off = np.zeros(use.shape[2])
    rows = np.flatnonzero(parts.max(axis=1) < _CERTAIN)
    rows = rows[np.argsort(-np.abs(use[rows]).max(axis=(1, 2)), kind="stable")]
    for turn in range(_TURNS):
        for row in rows.tolist():
            likely = np.flatnonzero(parts[row] >= min(_UNLIKELY, parts[row].max()))
            before = use[row, chosen[row]] if turn else parts[row] @ use[row]
            aside = off + use[row, likely] - before
            best = int((aside**2).sum(axis=1).argmin())
            off, chosen[row] = aside[best], likely[best]
    return chosen
