"""HiGHS behind a small builder of models. Runs only in spawned processes: after a fork it returns zero, silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

INFINITY = highspy.kHighsInf
_ALWAYS = {"output_flag": False, "threads": 1}
# One node is a small problem: what HiGHS does for large ones costs it more than it saves. What is proven when time is
# up is a bound all the same.
_FOR_NODES: dict[str, Any] = {
    "time_limit": 5.0,
    "presolve": "off",
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
# Primal simplex: ten times faster than dual on the whole cluster.
_FOR_CLUSTERS: dict[str, Any] = {"solver": "simplex", "simplex_strategy": 4}
_PROVEN = (
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kTimeLimit,
    highspy.HighsModelStatus.kSolutionLimit,
)


@dataclass(frozen=True, slots=True)
class Effort:
    """How near a node's bound has to come to its best choice, and how many branches are looked at for that.

    The bound is true either way, and most of it is proven before the first branch. A device that can be cut in more
    ways than `patterns` is modelled as a flow.
    """

    gap: float = 1e-4
    branches: int = 1_000_000
    patterns: int = 150


EXACT = Effort()


@dataclass(frozen=True, slots=True)
class Solution:
    """`bound` is proven: no solution is worth more. `prices` are the rows' duals, of a model without integers."""

    bound: float
    objective: float
    values: tuple[float, ...]
    prices: tuple[float, ...]


@dataclass(slots=True)
class Model:
    """Maximise worth over columns >= 0 under rows."""

    worth: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    is_integer: list[bool] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    indices: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)

    def column(self, worth: float, upper: float = INFINITY, *, is_integer: bool = False) -> int:
        """Add a column and return its index."""
        self.worth.append(worth)
        self.upper.append(upper)
        self.is_integer.append(is_integer)
        return len(self.worth) - 1

    def row(self, entries: Sequence[tuple[int, float]], upper: float = INFINITY, lower: float = -INFINITY) -> int:
        """Add `lower <= sum of weight x column <= upper` and return its index."""
        self.indices.extend(index for index, _ in entries)
        self.weights.extend(weight for _, weight in entries)
        self.starts.append(len(self.indices))
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        return len(self.row_upper) - 1


def maximise(model: Model, effort: Effort = EXACT) -> Solution:
    """Return the best solution and a proven bound."""
    if not model.worth:
        return Solution(0.0, 0.0, (), (0.0,) * len(model.row_upper))
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    is_integer = any(model.is_integer)
    options = _for_node(effort) if is_integer else _FOR_CLUSTERS
    for option, value in (_ALWAYS | options).items():
        solver.setOptionValue(option, value)
    # Tolerances are absolute: worth that is far from one would drown in them.
    scale = 100.0 / (max(map(abs, model.worth), default=0.0) or 1.0)
    solver.passModel(_as_lp(model, scale))
    solver.run()
    status = solver.getModelStatus()
    if status not in _PROVEN:
        raise RuntimeError(f"the solver stopped with {solver.modelStatusToString(status)}")
    info, solution = solver.getInfo(), solver.getSolution()
    objective = info.objective_function_value / scale
    bound = info.mip_dual_bound / scale if is_integer else objective
    return Solution(bound, objective, tuple(solution.col_value), tuple(each / scale for each in solution.row_dual))


def _for_node(effort: Effort) -> dict[str, Any]:
    return _FOR_NODES | {"mip_rel_gap": effort.gap, "mip_max_nodes": effort.branches}


def _as_lp(model: Model, scale: float) -> highspy.HighsLp:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(model.worth), len(model.row_upper)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = np.array(model.worth, dtype=np.float64) * scale
    lp.col_lower_ = np.zeros(len(model.worth))
    lp.col_upper_ = np.array(model.upper, dtype=np.float64)
    lp.row_lower_ = np.array(model.row_lower, dtype=np.float64)
    lp.row_upper_ = np.array(model.row_upper, dtype=np.float64)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.array(model.starts, dtype=np.int32)
    lp.a_matrix_.index_ = np.array(model.indices, dtype=np.int32)
    lp.a_matrix_.value_ = np.array(model.weights, dtype=np.float64)
    if any(model.is_integer):
        kinds = {True: highspy.HighsVarType.kInteger, False: highspy.HighsVarType.kContinuous}
        lp.integrality_ = [kinds[each] for each in model.is_integer]
    return lp
