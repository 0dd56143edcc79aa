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
    number = state.at.x.size + len(state.at.z)
    return Mixture(state.at.x, state.at.z[: len(program.other_worth)], state.at.prices, state.at.gap / number)


@dataclass(slots=True)
class _State:
    """A program with slacks among its other things (`cost`, `use`), the point that was reached, and what it misses."""

    program: Program
    cost: Floats
    use: Floats
    at: Point
    miss: Miss

    @classmethod
    def begin(cls, program: Program) -> "_State":
        """Return the state before the first step: where amounts times lacks are about the same everywhere."""
        nodes, choices = program.worth.shape
        limits, others = len(program.bound), len(program.other_worth)
        cost = -np.concatenate([program.other_worth, np.zeros(limits)])
        use = np.hstack([program.other_use, np.eye(limits)])
        total = max(float(program.worth.max(axis=1).sum()), float(program.other_worth.clip(min=0).sum()), _LEAST_WORTH)
        high = 2 * total / nodes
        x = np.full((nodes, choices), 1 / choices)
        rest = program.bound - program.use.sum(axis=(0, 1)) / choices
        slack = rest.clip(min=_LEAST_SLACK)
        z_lack = np.concatenate([cost[:others].clip(min=1.0), (high / choices / slack).clip(min=0.1)])
        z = np.concatenate([(high / choices / z_lack[:others]).clip(min=_LEAST_SLACK), slack])
        x_lack = np.full_like(x, high)
        miss = Miss(np.zeros(nodes), rest - use @ z, -program.worth - x_lack, cost - z_lack)
        return cls(program, cost, use, Point(x, z, np.zeros(nodes), np.zeros(limits), x_lack, z_lack), miss)

    def missing(self, rest: float) -> Miss:
        """Return what is missing once so much of what prices did not pay for is left: that is as exact as they are."""
        at, use = self.at, self.program.use
        used = at.x.ravel() @ use.reshape(at.x.size, use.shape[2]) + self.use @ at.z
        return Miss(1.0 - at.x.sum(axis=1), self.program.bound - used, self.miss.x * rest, self.miss.z * rest)

    def is_close(self, gap: float) -> bool:
        """Say whether nothing much is missing, and not more than `gap` can be won."""
        most = max(np.abs(self.miss.nodes).max(initial=0.0), np.abs(self.miss.limits).max(initial=0.0))
        return self.at.gap < gap and most < _CLOSE

    def step(self, gap: float) -> None:
        """Go towards the best, and back towards the middle as far as the way there turned out to be short.

        Never much closer than `gap`: where nothing can be won any more, nothing can be told apart either.
        """
        at, newton = self.at, _Newton(self)
        number = at.x.size + len(at.z)
        mean = at.gap / number
        x_aim, z_aim = -at.x * at.x_lack, -at.z * at.z_lack
        direct = newton.direction(x_aim, z_aim)
        reached = at.after(direct, *at.reach(direct)).gap / number
        centre = max(mean * (reached / mean) ** 3, _CLOSEST * gap / number)
        x_aim += centre - (direct.x * direct.x_lack).clip(-mean, mean)
        z_aim += centre - (direct.z * direct.z_lack).clip(-mean, mean)
        move = newton.direction(x_aim, z_aim)
        primal, dual = at.reach(move)
        if min(primal, dual) < _SHORT:
            far = at.after(move, min(1.0, primal + _BEYOND), min(1.0, dual + _BEYOND))
            x_back, z_back = brought_back(far.x * far.x_lack, centre), brought_back(far.z * far.z_lack, centre)
            other = newton.direction(x_aim + x_back, z_aim + z_back)
            if sum(at.reach(other)) > primal + dual:
                move, (primal, dual) = other, at.reach(other)
        primal, dual = min(1.0, _INSIDE * primal), min(1.0, _INSIDE * dual)
        self.at = at.after(move, primal, dual)
        self.miss = self.missing(1 - dual)


class _Newton:
    """Newton's equations at a state, reduced to one of the limits."""

    def __init__(self, state: _State) -> None:
        program, at, self._state = state.program, state.at, state
        limits = len(program.bound)
        self._flat = program.use.reshape(at.x.size, limits)
        self._x_scale, self._z_scale = at.x / at.x_lack, at.z / at.z_lack
        self._full = self._x_scale.sum(axis=1)
        scaled = self._flat * self._x_scale.reshape(-1, 1)
        self._cross = np.matmul(self._x_scale[:, None, :], program.use)[:, 0]
        system = scaled.T @ self._flat + (state.use * self._z_scale) @ state.use.T
        system -= self._cross.T @ (self._cross / self._full[:, None])
        system[np.diag_indices(limits)] += 1e-12 * np.trace(system) / max(1, limits) + 1e-14
        self._inverse = np.linalg.inv(system)

    def direction(self, x_aim: Floats, z_aim: Floats) -> Point:
        """Return the move after which amounts times lacks have changed by the aims, and nothing is missing."""
        state, at, miss = self._state, self._state.at, self._state.miss
        x_rest = x_aim / at.x_lack - self._x_scale * miss.x
        z_rest = z_aim / at.z_lack - self._z_scale * miss.z
        nodes = miss.nodes - x_rest.sum(axis=1)
        limits = miss.limits - x_rest.ravel() @ self._flat - state.use @ z_rest
        prices = -self._inverse @ (limits - (nodes / self._full) @ self._cross)
        node_price = -(nodes + self._cross @ prices) / self._full
        x_change = node_price[:, None] + (self._flat @ prices).reshape(at.x.shape)
        z_change = state.use.T @ prices
        return Point(
            x_rest - self._x_scale * x_change,
            z_rest - self._z_scale * z_change,
            node_price,
            prices,
            miss.x + x_change,
            miss.z + z_change,
        )
