"""Where the interior-point method is (interior_point.py), how far it may go from there, and what it still misses."""

from dataclasses import dataclass

import numpy as np

from paraset_operator.planning.problem import Floats

_ALL_THE_WAY = 1.01
# Products this many times off the centre are brought back.
_FAR = 10.0


@dataclass(frozen=True, slots=True)
class Point:
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
        return float(np.vdot(self.x, self.x_lack) + self.z @ self.z_lack)

    def reach(self, move: "Point") -> tuple[float, float]:
        """Return how far into a move amounts, and prices, can go before one gets negative: all the way is 1, and a
        little beyond counts."""
        primal = min(_ALL_THE_WAY, _length(self.x, move.x), _length(self.z, move.z))
        return primal, min(_ALL_THE_WAY, _length(self.x_lack, move.x_lack), _length(self.z_lack, move.z_lack))

    def after(self, move: "Point", primal: float, dual: float) -> "Point":
        """Return the point so far into a move."""
        return Point(
            self.x + primal * move.x,
            self.z + primal * move.z,
            self.node_price + dual * move.node_price,
            self.prices + dual * move.prices,
            self.x_lack + dual * move.x_lack,
            self.z_lack + dual * move.z_lack,
        )


@dataclass(frozen=True, slots=True)
class Miss:
    """What is missing to full nodes, to limits used up, and to prices that pay for choices and for other things."""

    nodes: Floats
    limits: Floats
    x: Floats
    z: Floats


def brought_back(product: Floats, centre: float) -> Floats:
    """Return what brings products back that are far from the centre."""
    change: Floats = (product.clip(centre / _FAR, centre * _FAR) - product).clip(min=-centre * _FAR)
    return change


def _length(amount: Floats, change: Floats) -> float:
    least = float((change / amount).min(initial=0.0))
    return -1.0 / least if least < 0 else np.inf
