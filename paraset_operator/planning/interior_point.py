"""A mix of choices under limits in common, by an interior-point method (Mehrotra, SIAM J. Optim. 2(4), 1992).

Of K choices, each of N nodes takes parts that sum to 1; what they use together of m limits is bounded. The parts and
the prices of the limits come out of one another. Newton's equations reduce to one m x m system, since nodes meet only
in the limits (Wright, Primal-Dual Interior-Point Methods, 1997, chapter 11).
"""

from dataclasses import dataclass

import numpy as np

from paraset_operator.planning.problem import Floats

_MOST_STEPS = 40
_CLOSE = 1e-5
_INSIDE = 0.995
# Steps aim at no less than this part of the gap that is allowed.
_CLOSEST = 0.1


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
    limit is worth (m)."""

    parts: Floats
    others: Floats
    prices: Floats


def best_mixture(program: Program, gap: float) -> Mixture:
    """Return the best mix, but for `gap`. Everything has to be possible somehow: all sums zero, for a start."""
    state = _State.begin(program)
    for _ in range(_MOST_STEPS):
        if state.is_close(gap):
            break
        state.step(gap)
    return Mixture(state.at.x, state.at.z[: len(program.other_worth)], state.at.prices)


@dataclass(frozen=True, slots=True)
class _Point:
    """Parts `x`, amounts `z` (limits' slacks among them), prices of nodes and limits, and what choices lack to pay.

    Or by how much these change.
    """

    x: Floats
    z: Floats
    node_price: Floats
    prices: Floats
    x_lack: Floats
    z_lack: Floats

    @property
    def gap(self) -> float:
        """How far worth and prices are apart."""
        return float((self.x * self.x_lack).sum() + self.z @ self.z_lack)

    def after(self, move: "_Point", inside: float) -> "_Point":
        """Return the point so far into a move as nothing gets negative: amounts as far as they can, prices likewise."""
        primal = min(1.0, inside * min(_length(self.x, move.x), _length(self.z, move.z)))
        dual = min(1.0, inside * min(_length(self.x_lack, move.x_lack), _length(self.z_lack, move.z_lack)))
        return _Point(
            self.x + primal * move.x,
            self.z + primal * move.z,
            self.node_price + dual * move.node_price,
            self.prices + dual * move.prices,
            self.x_lack + dual * move.x_lack,
            self.z_lack + dual * move.z_lack,
        )


@dataclass(slots=True)
class _State:
    """A program with slacks among its other things (`cost`, `use`), and the point that has been reached."""

    program: Program
    cost: Floats
    use: Floats
    at: _Point

    @classmethod
    def begin(cls, program: Program) -> "_State":
        """Return the state before the first step."""
        nodes, choices = program.worth.shape
        limits = len(program.bound)
        cost = -np.concatenate([program.other_worth, np.zeros(limits)])
        use = np.hstack([program.other_use, np.eye(limits)])
        high = max(1e-3, float(np.abs(program.worth).max(initial=0.0)))
        at = _Point(
            np.full((nodes, choices), 1.0 / choices),
            np.ones(len(cost)),
            np.zeros(nodes),
            np.zeros(limits),
            np.full((nodes, choices), high),
            np.full(len(cost), max(1.0, float(np.abs(cost).max(initial=0.0)))),
        )
        state = cls(program, cost, use, at)
        # Limits that are far from being used up begin with as much to spare.
        at.z[len(program.other_worth) :] += state.missing()[1].clip(min=0)
        return state

    def missing(self) -> tuple[Floats, Floats]:
        """Return what is missing to full nodes, and to limits used up, slacks included."""
        used = np.tensordot(self.at.x, self.program.use, axes=([0, 1], [0, 1]))
        return 1.0 - self.at.x.sum(axis=1), self.program.bound - used - self.use @ self.at.z

    def is_close(self, gap: float) -> bool:
        """Say whether nothing much is missing, and not more than `gap` can be won."""
        nodes, limits = self.missing()
        return self.at.gap < gap and max(np.abs(nodes).max(initial=0.0), np.abs(limits).max(initial=0.0)) < _CLOSE

    def step(self, gap: float) -> None:
        """Go towards the best, and back towards the middle as far as the way there turned out to be short.

        Never much closer than `gap`: where nothing can be won any more, nothing can be told apart either.
        """
        at, newton = self.at, _Newton(self)
        number = at.x.size + len(at.z)
        mean = at.gap / number
        direct = newton.direction(-at.x * at.x_lack, -at.z * at.z_lack)
        reached = at.after(direct, 1.0).gap / number
        centre = max(mean * (reached / mean) ** 3, _CLOSEST * gap / number)
        x_aim = centre - at.x * at.x_lack - direct.x * direct.x_lack
        z_aim = centre - at.z * at.z_lack - direct.z * direct.z_lack
        self.at = at.after(newton.direction(x_aim, z_aim), _INSIDE)


class _Newton:
    """Newton's equations at a state, reduced to one of the limits."""

    def __init__(self, state: _State) -> None:
        program, at, self._state = state.program, state.at, state
        self._nodes_miss, self._limits_miss = state.missing()
        self._x_off = -program.worth + at.node_price[:, None] + program.use @ at.prices - at.x_lack
        self._z_off = state.cost + state.use.T @ at.prices - at.z_lack
        self._x_scale, self._z_scale = at.x / at.x_lack, at.z / at.z_lack
        self._full = self._x_scale.sum(axis=1)
        scaled = program.use * self._x_scale[:, :, None]
        self._cross = scaled.sum(axis=1)
        limits = len(program.bound)
        within = np.tensordot(scaled, program.use, axes=([0, 1], [0, 1]))
        system = (
            within + (state.use * self._z_scale) @ state.use.T - self._cross.T @ (self._cross / self._full[:, None])
        )
        system[np.diag_indices(limits)] += 1e-12 * np.trace(system) / max(1, limits) + 1e-14
        self._inverse = np.linalg.inv(system)

    def direction(self, x_aim: Floats, z_aim: Floats) -> _Point:
        """Return the move after which amounts times lacks have changed by the aims, and nothing is missing."""
        state, at, use = self._state, self._state.at, self._state.program.use
        x_rest = x_aim / at.x_lack - self._x_scale * self._x_off
        z_rest = z_aim / at.z_lack - self._z_scale * self._z_off
        nodes = self._nodes_miss - x_rest.sum(axis=1)
        limits = self._limits_miss - np.tensordot(x_rest, use, axes=([0, 1], [0, 1])) - state.use @ z_rest
        prices = -self._inverse @ (limits - self._cross.T @ (nodes / self._full))
        node_price = -(nodes + self._cross @ prices) / self._full
        x_change, z_change = node_price[:, None] + use @ prices, state.use.T @ prices
        return _Point(
            x_rest - self._x_scale * x_change,
            z_rest - self._z_scale * z_change,
            node_price,
            prices,
            self._x_off + x_change,
            self._z_off + z_change,
        )


def _length(amount: Floats, change: Floats) -> float:
    falling = change < 0
    return float((-amount[falling] / change[falling]).min(initial=np.inf))
