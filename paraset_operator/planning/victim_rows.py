"""What fillers would lose by leaving, as arrays with one row a node: the urgent path compares thousands in one pass.

Rows are made anew where a node's state is another object, so that they cost what has changed. What they say are lower
bounds of what victims.py finds on one node, never more: who is cheapest in the end is decided there.
"""

from collections.abc import Sequence
from itertools import compress
from operator import is_not
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, is_device, total_of
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.device_victims import BELOW
from paraset_operator.planning.problem import Floats, Ints
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.victims import Owners, lost_since

_NEVER = float("inf")
_NO_STATE = NodeState(Node(""))


class Bounds(NamedTuple):
    """By node: whether fillers hold what is missing, and the least work lost and victims that it takes."""

    is_enough: NDArray[np.bool_]
    lost: Floats
    victims: Ints


class VictimRows:
    """Fillers that can be told to go, by node (first axis) and in any order there (second).

    `share`, `since` and `period` say what a filler loses: its dominant share of the node for the seconds since
    `since`, modulo `period` where it is not 0. `soon` is what comes free by itself (nodes x columns), `is_preempted`
    says where the scheduler has seen to that.
    """

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._sets: tuple[ParaSetView, ...] | None = None
        self._columns: tuple[str, ...] = ()
        self._states: list[NodeState] = []
        self._begin((), 1)

    def _begin(self, sets: tuple[ParaSetView, ...], slots: int) -> None:
        nodes, columns = len(self._survey.states), self._survey.ground.columns
        self._sets, self._columns = sets, columns
        self._devices = [column for column, name in enumerate(columns) if is_device(name)]
        self._states = [_NO_STATE] * nodes
        self._share, self._since, self._period = (np.zeros((nodes, slots)) for _ in range(3))
        self._holds = np.zeros((nodes, slots, len(self._devices)), dtype=np.int64)
        self._sums = np.zeros((nodes, len(columns)), dtype=np.int64)
        self.soon = np.zeros((nodes, len(columns)), dtype=np.int64)
        self.has_leaving, self.is_preempted = np.zeros(nodes, dtype=bool), np.zeros(nodes, dtype=bool)

    def catch_up(self, owners: Owners) -> None:
        """Bring the rows in step with what the survey has last looked at."""
        states, sets = self._survey.states, tuple(owners.values())
        if sets != self._sets or self._columns != self._survey.ground.columns or len(states) != len(self._states):
            self._begin(sets, self._share.shape[1])
        changed = list(compress(range(len(states)), map(is_not, states, self._states)))
        fillers = [_existing(states[row], owners) for row in changed]
        most = max(map(len, fillers), default=0)
        if most > self._share.shape[1]:
            self._begin(sets, most)
            self.catch_up(owners)
            return
        for row, pods in zip(changed, fillers, strict=True):
            self._write(row, states[row], pods, owners)

    def _write(self, row: int, state: NodeState, pods: Sequence[Pod], owners: Owners) -> None:
        count = len(pods)
        clocks = [lost_since(pod, owners) for pod in pods]
        self._share[row] = 0.0
        self._share[row, :count] = [state.shares[pod.uid] for pod in pods]
        self._since[row, :count] = [since for since, _ in clocks]
        self._period[row, :count] = [period for _, period in clocks]
        self._holds[row] = 0
        names = [self._columns[column] for column in self._devices]
        self._holds[row, :count] = [[pod.requests.get(name, 0) for name in names] for pod in pods]
        self._sums[row] = self._vector(total_of(pod.requests for pod in pods))
        self.soon[row] = self._vector(state.leaving)
        self.has_leaving[row] = any(pod.is_terminating for pod in state.pods) or bool(self.soon[row].any())
        self.is_preempted[row] = bool(state.preempted)
        self._states[row] = state

    def _vector(self, amounts: Resources) -> list[int]:
        return [amounts.get(name, 0) for name in self._columns]

    def bounds(self, missing: Ints, now: float) -> Bounds:
        """Return the bounds for what each node lacks (nodes x columns), no device of which is tracked one by one."""
        lacking = missing.clip(min=0)
        is_enough = np.asarray((self._sums >= lacking).all(axis=1))
        lost, victims = np.zeros(len(lacking)), np.zeros(len(lacking), dtype=np.int64)
        losses = self._losses(now)
        for place, column in enumerate(self._devices):
            short = lacking[:, column]
            if short.any():
                least, count = _least(self._holds[:, :, place], losses, short)
                lost, victims = np.maximum(lost, least), np.maximum(victims, count)
        return Bounds(is_enough, lost, victims)

    def _losses(self, now: float) -> Floats:
        """Return the work each filler would lose; the same numbers as victims.work_lost."""
        seconds = (now - self._since).clip(min=0.0)
        wrapped = np.mod(seconds, np.where(self._period > 0, self._period, 1.0))
        losses: Floats = self._share * np.where(self._period > 0, wrapped, seconds)
        return losses


def _least(holds: Ints, losses: Floats, short: Ints) -> tuple[Floats, Ints]:
    """Return the least work lost and the least victims that release so much of one resource, by node."""
    most = holds.max(axis=1, initial=0)
    count = np.where(short > 0, -(-short // most.clip(min=1)), 0)
    ordered = np.sort(np.where(holds > 0, losses, _NEVER), axis=1)
    sums = np.cumsum(np.where(np.isfinite(ordered), ordered, 0.0), axis=1)
    at = (count - 1).clip(min=0, max=max(0, holds.shape[1] - 1))
    lost = sums[np.arange(len(sums)), at]
    return np.where(count > 1, lost * BELOW, np.where(count == 1, lost, 0.0)), count


def _existing(state: NodeState, owners: Owners) -> list[Pod]:
    return [
        pod
        for pod in state.fillers
        if pod.uid and pod.owner in owners and not pod.is_terminating and not pod.is_finished
    ]
