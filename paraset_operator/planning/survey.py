"""All nodes as rows of arrays: what each has for fillers, what they hold there, and whether anything is unusual.

A plan looks at arrays first and makes objects only of nodes where it may have something to do. Rows are kept from one
picture to the next and made anew where the node's state is another object, so a picture costs what changed in it.
Nothing is decided here; the same picture gives the same rows, whatever was surveyed before.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from operator import is_not

import numpy as np

from paraset_operator.model.devices import place, without
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.resources import Resources
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.names import NameCount
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.survey_rows import NOT_IN_ROWS, Ground, Rows
from paraset_operator.planning.surveyor import Surveyor
from paraset_operator.planning.turnover import Turnover, TurnoverOfOthers

_NO_STATE = NodeState(Node(""))
_AT_ONCE = 128


class Survey:
    """The rows of the picture last looked at; `changed` are those that were new.

    `growing` are the nodes where pods that are no fillers wait to grow in place.
    """

    def __init__(self) -> None:
        self.ground = Ground()
        self.states: tuple[NodeState, ...] = ()
        self.policies: list[PolicyView | None] = []
        self.row_of: dict[str, int] = {}
        self.rows = Rows.empty(0, self.ground)
        self.names: list[NameCount] = []
        self.changed: list[int] = []
        self.growing: set[str] = set()
        self._surveyor, self._others = Surveyor(self.ground), TurnoverOfOthers(self.ground)

    def look(self, nodes: Sequence[NodeState], sets: tuple[ParaSetView, ...], policies: tuple[PolicyView, ...]) -> None:
        """Bring the rows up to date."""
        if self.ground.policies != policies or not _have_same_rows(self.ground.sets, sets):
            self._begin(nodes, sets, policies)
        else:
            self._take_over(sets)
            self.changed = _other_rows(nodes, self.states)
            if len(nodes) != len(self.states) or any(
                nodes[row].node.name != self.states[row].node.name for row in self.changed
            ):
                self._realign(nodes)
            if not all(self.ground.holds_for(nodes[row]) for row in self.changed):
                self._begin(nodes, sets, policies)
        self._replace(nodes)

    def _begin(
        self, nodes: Sequence[NodeState], sets: tuple[ParaSetView, ...], policies: tuple[PolicyView, ...]
    ) -> None:
        self.ground = Ground.of(nodes, sets, policies)
        self.rows = Rows.empty(len(nodes), self.ground)
        self.states = (_NO_STATE,) * len(nodes)
        self.policies = [None] * len(nodes)
        self.names = [NameCount() for _ in sets]
        self.growing = set()
        self._surveyor, self._others = Surveyor(self.ground), TurnoverOfOthers(self.ground)
        self.row_of = {state.node.name: row for row, state in enumerate(nodes)}
        self.changed = list(range(len(nodes)))

    def _take_over(self, sets: tuple[ParaSetView, ...]) -> None:
        """Take over sets that have changed in nothing that rows depend on."""
        if sets != self.ground.sets:
            self.ground = replace(self.ground, sets=sets)
            self._surveyor, self._others = Surveyor(self.ground), TurnoverOfOthers(self.ground)

    def _realign(self, nodes: Sequence[NodeState]) -> None:
        """Carry the rows of nodes that are still there over to their new places."""
        before = [self.row_of.get(state.node.name, -1) for state in nodes]
        gone = [pod for row in set(range(len(self.states))) - set(before) for pod in self.states[row].pods]
        self._surveyor.count_names(self.names, gone, -1)
        old_states, old_policies = self.states, self.policies
        self.states = tuple(old_states[row] if row >= 0 else _NO_STATE for row in before)
        self.policies = [old_policies[row] if row >= 0 else None for row in before]
        if len(old_states):
            self.rows = self.rows.take(np.array(before, dtype=np.int64))
        else:
            self.rows = Rows.empty(len(nodes), self.ground)
        self.row_of = {state.node.name: row for row, state in enumerate(nodes)}
        self.growing &= self.row_of.keys()
        self.changed = _other_rows(nodes, self.states)

    def names_with(self, row: int, waiting: Iterable[Pod]) -> NameCount:
        """Return the names of a set's pods with those that are on no node."""
        return self._surveyor.names_with(self.names[row], row, waiting)

    def write(self, rows: Rows, room: NodeRoom) -> None:
        """Write the row of a node as it is planned: its instances at their planned sizes, promises kept free."""
        row = self.row_of[room.name]
        rows.room[row] = self.rows.room[row] - self._surveyor.vector(room.promised)
        self._surveyor.write_instances(rows, row, room)
        if self.ground.tracked:
            self._plan_devices(rows, row, {pod.uid for pod in room.released}, room.needs)

    def _plan_devices(self, rows: Rows, row: int, leaving: Container[str], needs: Iterable[Resources]) -> None:
        for kind, name in enumerate(self.ground.tracked):
            rows.devices[row, kind] = self._surveyor.free_devices(name, self.states[row], leaving)
        for kind, name in enumerate(self.ground.tracked):
            sizes = self.states[row].node.devices.get(name, ())
            for need in needs:
                free = tuple(int(each) for each in rows.devices[row, kind, : len(sizes)])
                placed = place(need.get(name, 0), free, sizes)
                rows.devices[row, kind, : len(sizes)] = without(free, placed or ())

    def _replace(self, nodes: Sequence[NodeState]) -> None:
        """Take over the states of the rows that have changed."""
        turnovers = {row: Turnover.of(self.states[row], nodes[row]) for row in self.changed if self.states[row].pods}
        moved = {row: each for row, each in turnovers.items() if self._others.is_all(each)}
        self._others.write(self.rows, list(moved), list(moved.values()))
        anew = [row for row in self.changed if row not in moved]
        policies = self._surveyor.fill(self.rows, anew, [nodes[row] for row in anew])
        for row, policy in zip(anew, policies, strict=True):
            self.policies[row] = policy
        self._count_names(nodes, turnovers)
        growing = {nodes[row].node.name for row in self.changed if self._is_growing(nodes[row], moved.get(row))}
        if self.growing:
            self.growing.difference_update(nodes[row].node.name for row in self.changed)
        self.growing |= growing
        self.states = tuple(nodes)

    def _is_growing(self, state: NodeState, moved: Turnover | None) -> bool:
        """Say whether a pod waits to grow; where none did, only those that came are looked at."""
        if moved is None or state.node.name in self.growing:
            return bool(state.growing)
        return any(pod.wanting and not pod.is_ending for pod in moved.came)

    def _count_names(self, nodes: Sequence[NodeState], turnovers: Mapping[int, Turnover]) -> None:
        """Count the names of who has come, and then those of who has gone: most have the same."""
        come, gone = list[Pod](), list[Pod]()
        for row in self.changed:
            turnover = turnovers.get(row)
            come += turnover.came if turnover else self._surveyor.near(nodes[row])
            gone += turnover.went if turnover else ()
        self._surveyor.count_names(self.names, come, +1)
        self._surveyor.count_names(self.names, gone, -1)


def _other_rows(nodes: Sequence[NodeState], states: tuple[NodeState, ...]) -> list[int]:
    """Return the rows where a node's state is another object; maybe not those where that says the same."""
    if nodes is states:
        return []
    # Many at once, because most are the same objects, and there may be very many of them.
    nodes, rows = tuple(nodes), list[int]()
    for begin in range(0, min(len(nodes), len(states)), _AT_ONCE):
        some, others = nodes[begin : begin + _AT_ONCE], states[begin : begin + _AT_ONCE]
        if some != others:
            rows += compress(range(begin, len(nodes)), map(is_not, some, others))
    return rows


def _have_same_rows(left: tuple[ParaSetView, ...], right: tuple[ParaSetView, ...]) -> bool:
    return len(left) == len(right) and all(
        one is other or one == replace(other, **{name: getattr(one, name) for name in NOT_IN_ROWS})
        for one, other in zip(left, right, strict=True)
    )
