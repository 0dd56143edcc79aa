"""Who gets how much: dominant shares of sets that want everything, against their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.oracle.outcome import instances_after, shares_of
from bench.oracle.problem import problem_of
from bench.planner_instances import nodes_of
from bench.planner_shapes import set_of, shapes_of
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.planner import plan

WEIGHTS = (1, 2, 5)
WORKLOAD = 2
SMALL_CEILING = 10


@dataclass(frozen=True, slots=True)
class Fairness:
    """What each party holds, what it should hold for its weight, and how far the worst is off, in parts of it."""

    case: str
    nodes: int
    shares: dict[str, float]
    targets: dict[str, float]

    @property
    def off(self) -> float:
        """The largest deviation."""
        return max(abs(self.shares[key] / target - 1) for key, target in self.targets.items())


def fairness_rows(nodes: int, seed: int = 1) -> list[Fairness]:
    """Return all cases on clusters of so many nodes."""
    return [_weights(nodes, seed), _namespaces(nodes, seed), _small_ceiling(nodes, seed)]


def _shares(nodes: int, seed: int, sets: Sequence[ParaSetView]) -> dict[str, float]:
    snapshot = Snapshot(nodes_of(nodes, seed), sets=tuple(sorted(sets, key=lambda it: it.key)))
    return shares_of(instances_after(snapshot, plan(snapshot)), problem_of(snapshot))


def _in_proportion(case: str, nodes: int, shares: dict[str, float], weights: dict[str, float]) -> Fairness:
    """Compare with what their sum would give each for its weight."""
    held = {key: shares.get(key, 0.0) for key in weights}
    targets = {key: sum(held.values()) * weight / sum(weights.values()) for key, weight in weights.items()}
    return Fairness(case, nodes, held, targets)


def _weights(nodes: int, seed: int) -> Fairness:
    """Three sets of the same shapes that want everything."""
    sets = [set_of(f"w{weight}", shapes_of(WORKLOAD), weight=weight) for weight in WEIGHTS]
    shares = _shares(nodes, seed, sets)
    return _in_proportion("weights 1:2:5", nodes, shares, {it.key: float(it.weight) for it in sets})


def _namespaces(nodes: int, seed: int) -> Fairness:
    """One set in one namespace, three in the other, of the same shapes."""
    homes = ("one", "three", "three", "three")
    sets = [set_of(f"s{i}", shapes_of(WORKLOAD), namespace=home) for i, home in enumerate(homes)]
    return _in_proportion("1 set : 3 sets", nodes, _shares(nodes, seed, sets), {"one": 1.0, "three": 1.0})


def _small_ceiling(nodes: int, seed: int) -> Fairness:
    """A set of weight 5 with a small ceiling leaves its rest to two others, of weights 1 and 2."""
    sets = [set_of(f"w{weight}", shapes_of(WORKLOAD), weight=weight) for weight in WEIGHTS]
    sets[-1] = replace(sets[-1], ceiling=SMALL_CEILING)
    shares = _shares(nodes, seed, sets)
    return _in_proportion("ceiling leaves rest", nodes, shares, {it.key: float(it.weight) for it in sets[:-1]})
