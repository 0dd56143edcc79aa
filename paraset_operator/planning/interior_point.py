"""A mix of choices under limits in common, by an interior-point method (Mehrotra, SIAM J. Optim. 2(4), 1992).

Of K choices, each of N nodes takes parts that sum to 1; what they use together of m limits is bounded. The parts and
the prices of the limits come out of one another. Newton's equations reduce to one m x m system, since nodes meet only
in the limits (Wright, Primal-Dual Interior-Point Methods, 1997, chapter 11).
"""

from dataclasses import dataclass

import numpy as np

from paraset_operator.planning.interior_points import Miss, Point, brought_back
from paraset_operator.planning.problem import Floats

_MOST_STEPS = 40
_CLOSE = 1e-5
_INSIDE = 0.995
# Steps aim at no less than this part of the gap that is allowed.
_CLOSEST = 0.1
_LEAST_SLACK = 1e-2
_LEAST_WORTH = 1e-3
# A way that ends before this part is looked for once more, with what would be far off so much beyond its end brought
# back (Gondzio, Comput. Optim. Appl. 6, 1996).
_SHORT = 0.9
_BEYOND = 0.3


@dataclass(frozen=True, slots=True)
class Program:
    """Maximise worth: of parts `worth` (N x K) and of amounts of other things `other_worth` (Z).

    Each part uses `use` (N x K x m) and each thing `other_use` (m x Z) of what is bounded by `bound` (m); use may be
    negative. All numbers should be near one.
    """

    worth: Floats
    use: Floats
    other_worth: Floats
    other_use: Floats
    bound: Floats


@dataclass(frozen=True, slots=True)
class Mixture:
    """Which part of each node takes which choice (N x K), the amounts of other things (Z), and what a unit of each
    limit is worth (m). `left` is what may still be won, by choice and other thing."""

    parts: Floats
    others: Floats
    prices: Floats
    left: float


def best_mixture(program: Program, gap: float) -> Mixture:
    """Return the best mix, but for `gap`. Everything has to be possible somehow: all sums zero, for a start."""
    state = _State.begin(program)
    for _ in range(_MOST_STEPS):
        if state.is_close(gap):
            break
        state.step(gap)
    parts, others, _ = np.split(state.at.amounts, np.cumsum((program.worth.size, len(program.other_worth))))
    left = state.at.gap / len(state.at.amounts)
    return Mixture(parts.reshape(program.worth.shape), others, state.at.prices, left)


@dataclass(slots=True)
class _State:
    """A program as `use` of limits by amounts: by parts, node after node, by other things, and by slacks.

    And the point that was reached, and what it misses.
    """

    shape: tuple[int, int]
    bound: Floats
    use: Floats
    at: Point
    miss: Miss

    @classmethod
    def begin(cls, program: Program) -> "_State":
        """Return the state before the first step: where amounts times lacks are about the same everywhere."""
        nodes, choices = program.worth.shape
        limits = len(program.bound)
        use = np.concatenate([program.use.reshape(program.worth.size, limits), program.other_use.T, np.eye(limits)])
        worth = np.concatenate([program.worth.ravel(), program.other_worth, np.zeros(limits)])
        total = max(float(program.worth.max(axis=1).sum()), float(program.other_worth.clip(min=0).sum()), _LEAST_WORTH)
        high = 2 * total / nodes
        slack = (program.bound - program.use.sum(axis=(0, 1)) / choices).clip(min=_LEAST_SLACK)
        others_lack, slack_lack = (-program.other_worth).clip(min=1.0), (high / choices / slack).clip(min=0.1)
        lacks = np.concatenate([np.full(program.worth.size, high), others_lack, slack_lack])
        others = (high / choices / others_lack).clip(min=_LEAST_SLACK)
        amounts = np.concatenate([np.full(program.worth.size, 1 / choices), others, slack])
        miss = Miss(np.zeros(nodes), np.zeros(limits), -worth - lacks)
        state = cls(
            (nodes, choices),
            program.bound,
            use,
            Point(amounts, lacks, np.zeros(nodes), np.zeros(limits)),
            miss,
        )
        state.miss = state.missing(1.0)
        return state

    def by_node(self, each: Floats) -> Floats:
        """Return those of the parts, node by node: nodes are the first axis, choices the second."""
        return each[: self.shape[0] * self.shape[1]].reshape(*self.shape, *each.shape[1:])

    def missing(self, rest: float) -> Miss:
        """Return what is missing once so much of what prices did not pay for is left: that is as exact as they are."""
        amounts = self.at.amounts
        return Miss(1.0 - self.by_node(amounts).sum(axis=1), self.bound - amounts @ self.use, self.miss.lacks * rest)

    def is_close(self, gap: float) -> bool:
        """Say whether nothing much is missing, and not more than `gap` can be won."""
        most = max(np.abs(self.miss.nodes).max(initial=0.0), np.abs(self.miss.limits).max(initial=0.0))
        return self.at.gap < gap and most < _CLOSE

    def step(self, gap: float) -> None:
        """Go towards the best, and back towards the middle as far as the way there turned out to be short.

        Never much closer than `gap`: where nothing can be won any more, nothing can be told apart either.
        """
        at, newton = self.at, _Newton(self)
        number = len(at.amounts)
        mean = at.gap / number
        aim = -at.amounts * at.lacks
        direct = newton.direction(aim)
        reached = at.after(direct, *at.reach(direct)).gap / number
        centre = max(mean * (reached / mean) ** 3, _CLOSEST * gap / number)
        aim += centre - (direct.amounts * direct.lacks).clip(-mean, mean)
        move = newton.direction(aim)
        primal, dual = at.reach(move)
        if min(primal, dual) < _SHORT:
            far = at.after(move, min(1.0, primal + _BEYOND), min(1.0, dual + _BEYOND))
            other = newton.direction(aim + brought_back(far.amounts * far.lacks, centre))
            if sum(at.reach(other)) > primal + dual:
                move, (primal, dual) = other, at.reach(other)
        primal, dual = min(1.0, _INSIDE * primal), min(1.0, _INSIDE * dual)
        self.at = at.after(move, primal, dual)
        self.miss = self.missing(1 - dual)


class _Newton:
    """Newton's equations at a state, reduced to one of the limits."""

    def __init__(self, state: _State) -> None:
        limits, self._state = len(state.bound), state
        self._scale = state.at.amounts / state.at.lacks
        self._full = state.by_node(self._scale).sum(axis=1)
        scaled = state.use * self._scale[:, None]
        self._cross = state.by_node(scaled).sum(axis=1)
        system = scaled.T @ state.use - self._cross.T @ (self._cross / self._full[:, None])
        system[np.diag_indices(limits)] += 1e-12 * np.trace(system) / max(1, limits) + 1e-14
        self._inverse = np.linalg.inv(system)

    def direction(self, aim: Floats) -> Point:
        """Return the move after which amounts times lacks have changed by the aim, and nothing is missing."""
        state, miss = self._state, self._state.miss
        rest = aim / state.at.lacks - self._scale * miss.lacks
        nodes = miss.nodes - state.by_node(rest).sum(axis=1)
        prices = -self._inverse @ (miss.limits - rest @ state.use - (nodes / self._full) @ self._cross)
        node_prices = -(nodes + self._cross @ prices) / self._full
        change = state.use @ prices
        # What is added to a view of the parts is added to them.
        parts = state.by_node(change)
        parts += node_prices[:, None]
        return Point(rest - self._scale * change, miss.lacks + change, node_prices, prices)
