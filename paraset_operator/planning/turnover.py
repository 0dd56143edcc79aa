"""Nodes where nothing has changed but others' pods: their rows change by what came and went, all else stays.

The row is what it would be if it were written anew. This is what happens most in a cluster, and costs a fraction.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from paraset_operator.model.devices import Free
from paraset_operator.model.holdings import left_by
from paraset_operator.model.pod import Pod
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.survey_rows import Ground, Rows

# A device, and by how much more is free of it.
_Moved: TypeAlias = tuple[int, int]


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


def _moved(name: str, turnover: Turnover) -> Sequence[_Moved] | None:
    """Return by how much more is free on which devices of a node; None if it is not known of all on which."""
    moved, sizes = list[_Moved](), turnover.state.node.devices.get(name, ())
    for pods, times in ((turnover.went, 1), (turnover.came, -1)):
        for pod in pods:
            if amount := pod.held.get(name, 0):
                for share in pod.on_devices:
                    if share.resource == name and 0 <= share.device < len(sizes):
                        moved.append((share.device, times * share.amount))
                        amount -= share.amount
                if amount:
                    return None
    return moved


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
        for kind in range(len(self._ground.tracked)):
            self._write_devices(rows, at, kind, turnovers)

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

    def _write_devices(self, rows: Rows, at: Sequence[int], kind: int, turnovers: Sequence[Turnover]) -> None:
        """Write what is left of the devices of the rows `at`, by what was moved there; anew where nobody knows that."""
        name = self._ground.tracked[kind]
        moved = [_moved(name, each) for each in turnovers]
        known = [(row, *each) for row, some in zip(at, moved, strict=True) for each in some or ()]
        if known:
            row, device, amount = np.array(known, dtype=np.int64).T
            np.add.at(rows.left, (row, kind, device), amount)
        for row, some, turnover in zip(at, moved, turnovers, strict=True):
            if some is None:
                left = self._left(name, turnover.state, is_unusual=bool(rows.unusual[row]))
                rows.left[row, kind, : len(left)] = left
        rows.devices[at, kind] = np.where(rows.devices[at, kind] < 0, -1, rows.left[at, kind].clip(min=0))

    def _left(self, name: str, state: NodeState, *, is_unusual: bool) -> Free:
        # Where all fillers are as usual none of them is on its way out.
        staying = [pod for pod in state.pods if not self._goes(pod)] if is_unusual else state.pods
        return left_by(name, state.node.devices.get(name, ()), staying)

    def _goes(self, pod: Pod) -> bool:
        return pod.owner in self._owners and pod.is_ending
