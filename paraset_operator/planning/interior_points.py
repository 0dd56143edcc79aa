"""Where the interior-point method is (interior_point.py), how far it may go from there, and what it still misses."""

from dataclasses import dataclass

from paraset_operator.planning.problem import Floats

_ALL_THE_WAY = 1.01
# Products this many times off the centre are brought back.
_FAR = 10.0


@dataclass(frozen=True, slots=True)
class Point:
    """All `amounts` (parts, other things, slacks), what each of them lacks to pay, prices of nodes and of limits.

    Or by how much these change. In one array each, because there are many steps and few numbers.
    """

    amounts: Floats
    lacks: Floats
    node_prices: Floats
    prices: Floats

    @property
    def gap(self) -> float:
        """How far worth and prices are apart."""
        return float(self.amounts @ self.lacks)

    def reach(self, move: "Point") -> tuple[float, float]:
        """Return how far into a move amounts, and prices, can go before one gets negative: all the way is 1, and a
        little beyond counts."""
        return _length(self.amounts, move.amounts), _length(self.lacks, move.lacks)

    def after(self, move: "Point", primal: float, dual: float) -> "Point":
        """Return the point so far into a move."""
        return Point(
            self.amounts + primal * move.amounts,
            self.lacks + dual * move.lacks,
            self.node_prices + dual * move.node_prices,
            self.prices + dual * move.prices,
        )


@dataclass(frozen=True, slots=True)
class Miss:
    """What is missing to full nodes, to limits used up, and to prices that pay for all amounts."""

    nodes: Floats
    limits: Floats
    lacks: Floats


def brought_back(product: Floats, centre: float) -> Floats:
    """Return what brings products back that are far from the centre."""
    change: Floats = (product.clip(centre / _FAR, centre * _FAR) - product).clip(min=-centre * _FAR)
    return change


def _length(amount: Floats, change: Floats) -> float:
    least = float((change / amount).min(initial=0.0))
    return min(_ALL_THE_WAY, -1.0 / least) if least < 0 else _ALL_THE_WAY
