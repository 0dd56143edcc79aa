"""What fillers give and lose by leaving, as arrays with one row a node: thousands are compared in one pass.

Rows are made anew where a node's state is another object, so that they cost what has changed. What they say are bounds
from below of what victims.py finds on one node, never more: who goes in the end is decided there.
"""

from itertools import compress
from operator import is_not
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.device_victims import BELOW
from paraset_operator.planning.lost_work import Owners, Standing, lost_since
from paraset_operator.planning.problem import Floats, Ints
from paraset_operator.planning.rooms import whole_of
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.victims import slack_of

_NO_STATE = NodeState(Node(""))


class Bounds(NamedTuple):
    """By node: whether fillers hold what is missing; the least work lost, victims and shrinks that it takes, and the
    least that decides between equals (nodes x Ties).
    """

    is_enough: NDArray[np.bool_]
    lost: Floats
    victims: Ints
    shrinks: Ints
    ties: Floats


class _Filler(NamedTuple):
    """A filler as numbers: its share of the cluster, since when it has work to lose and how often that begins anew, its
    progress, when it was made, and the row of its set; what it holds and what it can give in place, by column.
    """

    pod: Pod
    clock: tuple[float, float, float, float, float, float]
    holds: list[int]
    slack: list[int]


class VictimRows:
    """Fillers that can be told to go, by node (first axis) and in any order there (second).

    `soon` is what comes free by itself (nodes x columns), `has_leaving` says where there may be any, `is_preempted`
    where the scheduler has seen to that.
    """

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._sets: tuple[ParaSetView, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._whole: dict[str, int] = {}
        # By node and uid.
        self._fillers: dict[str, dict[str, _Filler]] = {}
        self._begin((), 1)

    def _begin(self, sets: tuple[ParaSetView, ...], slots: int) -> None:
        nodes, columns = len(self._survey.states), self._survey.ground.columns
        whole = whole_of(self._survey)
        kept = self._survey.row_of if (sets, columns, whole) == (self._sets, self._columns, self._whole) else {}
        self._whole, self._set_rows = whole, {owner.uid: row for row, owner in enumerate(sets)}
        self._fillers = {name: fillers for name, fillers in self._fillers.items() if name in kept}
        self._sets, self._columns = sets, columns
        self._states = [_NO_STATE] * nodes
        self._clocks = np.zeros((nodes, slots, 6))
        self._holds, self._slack = (np.zeros((nodes, slots, len(columns)), dtype=np.int64) for _ in range(2))
        self.soon = np.zeros((nodes, len(columns)), dtype=np.int64)
        self.has_leaving, self.is_preempted = np.zeros(nodes, dtype=bool), np.zeros(nodes, dtype=bool)

    def catch_up(self, owners: Owners) -> None:
        """Bring the rows in step with what the survey has last looked at."""
        states, sets = self._survey.states, tuple(owners.values())
        known = (self._sets, self._columns, self._whole, len(self._states))
        if known != (sets, self._survey.ground.columns, whole_of(self._survey), len(states)):
            self._begin(sets, self._clocks.shape[1])
        changed = [states[row] for row in compress(range(len(states)), map(is_not, states, self._states))]
        for state in changed:
            self._fillers[state.node.name] = self._numbers(state, owners)
        most = max((len(self._fillers[state.node.name]) for state in changed), default=0)
        if most > self._clocks.shape[1]:
            self._begin(sets, most)
            self.catch_up(owners)
            return
        for state in changed:
            self._write(self._survey.row_of[state.node.name], state)

    def _numbers(self, state: NodeState, owners: Owners) -> dict[str, _Filler]:
        """Return the fillers of a node, those that have not changed as they are."""
        numbers, known = {}, self._fillers.get(state.node.name, {})
        for pod in state.fillers:
            if pod.uid and pod.owner in owners and not pod.is_ending:
                same = known.get(pod.uid)
                numbers[pod.uid] = same if same and same.pod is pod else self._number(pod, state, owners)
        return numbers

    def _number(self, pod: Pod, state: NodeState, owners: Owners) -> _Filler:
        share, (since, period) = state.shares(self._whole)[pod.uid], lost_since(pod, owners)
        clock = (share, since, period, pod.progress, pod.created, float(self._set_rows[pod.owner]))
        return _Filler(pod, clock, self._vector(pod.requests), self._vector(slack_of(pod, owners)))

    def _vector(self, amounts: Resources) -> list[int]:
        return [amounts.get(name, 0) for name in self._columns]

    def _write(self, row: int, state: NodeState) -> None:
        for array in (self._clocks, self._holds, self._slack):
            array[row] = 0
        if fillers := self._fillers[state.node.name].values():
            _, clocks, holds, slack = zip(*fillers, strict=True)
            count = len(clocks)
            self._clocks[row, :count], self._holds[row, :count], self._slack[row, :count] = clocks, holds, slack
        self.soon[row] = self._vector(state.leaving)
        self.has_leaving[row] = any(pod.leaving for pod in state.pods)
        self.is_preempted[row] = bool(state.preempted)
        self._states[row] = state

    def bounds(self, missing: Ints, now: float, standing: Standing) -> Bounds:
        """Return the bounds for what each node lacks (nodes x columns), no device of which is tracked one by one."""
        lacking = missing.clip(min=0)
        nodes, slots, _ = self._holds.shape
        is_enough = np.asarray((self._holds.sum(axis=1) >= lacking).all(axis=1))
        lost, victims = np.zeros(nodes), np.zeros(nodes, dtype=np.int64)
        losses, asked = self._losses(now), np.flatnonzero(lacking.any(axis=0)).tolist()
        for column in asked:
            count = self._least_victims(column, lacking[:, column])
            lost, victims = np.maximum(lost, self._least_lost(column, count, losses)), np.maximum(victims, count)
        shrinks = np.zeros(nodes, dtype=np.int64)
        for column in asked:
            rest = lacking[:, column] - victims * self._holds[:, :, column].max(axis=1)
            most = self._slack[:, :, column].max(axis=1).clip(min=1)
            shrinks = np.maximum(shrinks, (-(-rest // most)).clip(min=0, max=slots))
        shrinks = np.where(victims > 0, shrinks, shrinks.clip(min=1))
        # Who goes alone and loses no more than that is one of these.
        may_go = (victims > 1)[:, None] | ((victims > 0)[:, None] & (losses <= lost[:, None]))
        return Bounds(is_enough, lost, victims, shrinks, self._least_ties(asked, may_go, standing))

    def _least_ties(self, asked: list[int], may_go: NDArray[np.bool_], standing: Standing) -> Floats:
        """Return the least that decides about any filler that may go and holds what is missing; nothing without one."""
        uids = [owner.uid for owner in self._sets] or [""]
        floors = np.array([standing.at_floor(uid) for uid in uids], dtype=np.float64)
        turns = np.array([standing.turns.get(uid, 0) for uid in uids], dtype=np.float64)
        progress, created, of_set = np.moveaxis(self._clocks[:, :, 3:], 2, 0)
        owner = of_set.astype(np.int64)
        values = np.stack((progress, -created, floors[owner], turns[owner]), axis=2)
        holds = (self._holds[:, :, asked] > 0).any(axis=2) & may_go
        least: Floats = np.where(holds[:, :, None], values, np.inf).min(axis=1, initial=np.inf)
        return np.where(np.isfinite(least), least, 0.0)

    def _least_victims(self, column: int, short: Ints) -> Ints:
        """Return how many have to go at least, by node, were all others shrunk as far as they can be."""
        slack = self._slack[:, :, column]
        beyond = np.sort(self._holds[:, :, column] - slack, axis=1)[:, ::-1].cumsum(axis=1)
        hard = short - slack.sum(axis=1)
        count: Ints = np.where(hard > 0, 1 + (beyond < hard[:, None]).sum(axis=1), 0)
        return count

    def _least_lost(self, column: int, count: Ints, losses: Floats) -> Floats:
        """Return what the `count` holders of a resource with least to lose would lose, by node."""
        ordered = np.sort(np.where(self._holds[:, :, column] > 0, losses, np.inf), axis=1)
        sums = np.where(np.isfinite(ordered), ordered, 0.0).cumsum(axis=1)
        lost = sums[np.arange(len(sums)), (count - 1).clip(min=0, max=sums.shape[1] - 1)]
        return np.where(count > 1, lost * BELOW, np.where(count == 1, lost, 0.0))

    def _losses(self, now: float) -> Floats:
        """Return the work each filler would lose; the same numbers as victims.work_lost."""
        share, since, period = np.moveaxis(self._clocks[:, :, :3], 2, 0)
        seconds = (now - since).clip(min=0.0)
        losses: Floats = share * np.where(period > 0, np.mod(seconds, np.where(period > 0, period, 1.0)), seconds)
        return losses
