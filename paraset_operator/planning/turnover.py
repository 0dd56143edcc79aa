"""Nodes where nothing has changed but others' pods: their rows change by what came and went, all else stays.

The row is what it would be if it were written anew. This is what happens most in a cluster, and costs a fraction.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paraset_operator.model.holdings import left_by
from paraset_operator.model.pod import Pod
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.survey_rows import Ground, Rows


class Turnover(NamedTuple):
    """The pods that came to a node and that went from it."""

    state: NodeState
    came: list[Pod]
    went: list[Pod]
    is_same_node: bool

    @classmethod
    def of(cls, before: NodeState, state: NodeState) -> "Turnover":
        """Return how a node has changed; a pod that has changed has gone as it was and come as it is."""
        old, new = set(map(id, before.pods)), set(map(id, state.pods))
        first, last = new - old, old - new
        came = [pod for pod in state.pods if id(pod) in first] if first else []
        went = [pod for pod in before.pods if id(pod) in last] if last else []
        return cls(state, came, went, state.node is before.node)


class TurnoverOfOthers:
    """Brings rows up to date."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self._owners = ground, frozenset(each.uid for each in ground.sets)

    def is_all(self, turnover: Turnover) -> bool:
        """Say whether nothing has changed on a node but pods that no set owns."""
        return turnover.is_same_node and not any(pod.owner in self._owners for pod in (*turnover.came, *turnover.went))

    def write(self, rows: Rows, at: Sequence[int], turnovers: Sequence[Turnover]) -> None:
        """Write the rows `at`."""
        if not turnovers:
            return
        freed = self._freed(turnovers)
        rows.open_now[at] += freed
        rows.room[at] += freed
        rows.able[at] += freed
        leaving = [(place, pod, 1) for place, each in enumerate(turnovers) for pod in each.came if pod.leaving]
        leaving += [(place, pod, -1) for place, each in enumerate(turnovers) for pod in each.went if pod.leaving]
        for place, pod, times in leaving:
            rows.able[at[place]] += times * np.array(self._ground.vector(pod.leaving))
        for row, each in zip(at, turnovers, strict=True):
            for kind, name in enumerate(self._ground.tracked):
                if any(pod.held.get(name) for pod in (*each.came, *each.went)):
                    self._write_devices(rows, row, kind, each.state)

    def _freed(self, turnovers: Sequence[Turnover]) -> Ints:
        """Return what is free now and was not, for each."""
        freed, vector = np.zeros((len(turnovers), len(self._ground.columns)), dtype=np.int64), self._ground.vector
        went = [(place, vector(pod.held)) for place, each in enumerate(turnovers) for pod in each.went]
        came = [(place, vector(pod.held)) for place, each in enumerate(turnovers) for pod in each.came]
        for pods, times in ((went, 1), (came, -1)):
            if pods:
                places, amounts = zip(*pods, strict=True)
                np.add.at(freed, list(places), times * np.array(amounts, dtype=np.int64))
        return freed

    def _write_devices(self, rows: Rows, row: int, kind: int, state: NodeState) -> None:
        name = self._ground.tracked[kind]
        # Where all fillers are as usual none of them is on its way out.
        staying = [pod for pod in state.pods if not self._goes(pod)] if rows.unusual[row] else state.pods
        left = left_by(name, state.node.devices.get(name, ()), staying)
        rows.devices[row, kind, : len(left)] = [max(0, each) for each in left]

    def _goes(self, pod: Pod) -> bool:
        return pod.owner in self._owners and pod.is_ending
