"""The nodes of one plan by name, each made into a working object only when somebody asks for it.

Most nodes of a large cluster have nothing to do with a plan. Who looks for room asks for nodes that could hold an
amount, and gets only those.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.quantity import CPU
from paraset_operator.model.resources import Resources
from paraset_operator.planning.feasibility import may_run_on
from paraset_operator.planning.homes import in_home_order
from paraset_operator.planning.lost_work import Owners, Standing
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.room import NodeRoom, room_of
from paraset_operator.planning.survey import Survey


class Rooms(Mapping[str, NodeRoom]):
    """Rooms by node name, in the order of the picture."""

    def __init__(self, survey: Survey, owners: Owners) -> None:
        self._survey, self._owners = survey, owners
        self._made: dict[str, NodeRoom] = {}
        self._cooling: frozenset[str] = frozenset()
        self.standing = Standing()
        self._whole = whole_of(survey)
        # Names of rooms in the order in which something was promised or released there, again and again.
        self.touched: list[str] = []

    def __getitem__(self, name: str) -> NodeRoom:
        made = self._made.get(name)
        if made is None:
            row = self._survey.row_of[name]
            made = room_of(self._survey.states[row], self._survey.policies[row], self._owners, self._whole)
            made.is_cooling, made.log, made.standing = name in self._cooling, self.touched, self.standing
            self._made[name] = made
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._survey.row_of)

    def __len__(self) -> int:
        return len(self._survey.row_of)

    def at(self, rows: Iterable[int]) -> list[NodeRoom]:
        """Return the rooms of these rows."""
        return [self[self._survey.states[row].node.name] for row in rows]

    def row_of(self, room: NodeRoom) -> int:
        """Return the row of a room."""
        return self._survey.row_of[room.name]

    def cool(self, names: frozenset[str]) -> None:
        """Mark the nodes that take nothing new for now."""
        self._cooling = names
        for room in self._made.values():
            room.is_cooling = room.name in names

    def rank(self, standing: Standing) -> None:
        """From here on let equal losses be decided by how sets stand."""
        self.standing = standing
        for room in self._made.values():
            room.standing = standing

    @property
    def made(self) -> list[NodeRoom]:
        """Return the rooms that somebody has asked for, in the order of the picture."""
        return sorted(self._made.values(), key=self.row_of)

    def able(self, need: Resources) -> list[NodeRoom]:
        """Return all nodes that could hold an amount if every filler left, and maybe some that could not."""
        return self.at(np.flatnonzero(self.is_able(need)))

    def at_row(self, row: int) -> NodeRoom:
        """Return the room of a row."""
        return self[self._survey.states[row].node.name]

    def node(self, row: int) -> Node:
        """Return the node of a row."""
        return self._survey.states[row].node

    def policy(self, row: int) -> PolicyView | None:
        """Return the policy that covers the node of a row."""
        return self._survey.policies[row]

    @property
    def policies(self) -> tuple[PolicyView, ...]:
        """All policies in order."""
        return self._survey.ground.policies

    def covered_by(self, policy: PolicyView) -> Iterator[int]:
        """Return the rows of the nodes that a policy covers."""
        return (row for row, each in enumerate(self._survey.policies) if each is policy)

    def version_of(self, row: int) -> int:
        """Return how often something was promised or released on a node."""
        made = self._made.get(self._survey.states[row].node.name)
        return made.version if made else 0

    @property
    def open_now(self) -> Ints:
        """What an LS pod could use at once of each node as it was surveyed."""
        return self._survey.rows.open_now

    def free(self, need: Resources) -> list[tuple[int, int]]:
        """Return the rows that could hold an amount at once, most cores open first, each with its open cores."""
        rows, cpu = self._survey.rows, self._survey.ground.columns.index(CPU)
        is_free = (rows.open_now >= self.vector(need)).all(axis=1) & self._may_have_devices(need)
        free = np.flatnonzero(is_free)
        ordered = free[np.lexsort((free, -rows.open_now[free, cpu]))]
        return list(zip(ordered.tolist(), rows.open_now[ordered, cpu].tolist(), strict=True))

    def is_able(self, need: Resources) -> NDArray[np.bool_]:
        """Say of all nodes whether they could hold an amount if every filler left; yes of some that could not."""
        return np.asarray((self._survey.rows.able >= self.vector(need)).all(axis=1))

    def with_room(self, need: Resources, has: Resources, *, spares_devices: bool) -> Iterator[str]:
        """Yield the nodes that may have room at once and have (or lend) as much, in the order of homes.py."""
        ground, rows = self._survey.ground, self._survey.rows
        fits = (rows.open_now >= self.vector(need)).all(axis=1) & (rows.total >= self.vector(has)).all(axis=1)
        found = np.flatnonzero(fits & self._may_have_devices(need))
        found = in_home_order(ground, rows, found, need, spares_devices=spares_devices)
        return (self._survey.states[row].node.name for row in found)

    def in_home_order(self, need: Resources, rooms: Iterable[NodeRoom]) -> list[NodeRoom]:
        """Return these rooms in the order of homes.py."""
        rows = np.array([self.row_of(room) for room in rooms], dtype=np.int64)
        return self.at(in_home_order(self._survey.ground, self._survey.rows, rows, need).tolist())

    def fillable_cores(self, policy: PolicyView) -> int:
        """Return the thousandths of cores that fillers may hold on the nodes of a policy."""
        rows = self._survey.rows.room[:, self._survey.ground.columns.index(CPU)].clip(min=0)
        return int(rows[[each is policy for each in self._survey.policies]].sum())

    def place_of(self, name: str) -> tuple[Node, PolicyView | None]:
        """Return a node and the policy that covers it, without making a room."""
        row = self._survey.row_of[name]
        return self._survey.states[row].node, self._survey.policies[row]

    @property
    def tracked(self) -> tuple[str, ...]:
        """Return the resources of which some node lists its devices."""
        return self._survey.ground.tracked

    def open_to(self, pod: Pod) -> list[NodeRoom]:
        """Return all nodes where the pod may run and has room, now or soon, and maybe some where it has none."""
        is_open = np.asarray((self._survey.rows.open_now >= self.vector(pod.requests)).all(axis=1))
        is_open[[self.row_of(room) for room in self._made.values() if room.is_touched]] = True
        is_open[self._leaving] = True
        return [room for room in self.at(np.flatnonzero(is_open)) if takes(room.node, pod)]

    @cached_property
    def _leaving(self) -> list[int]:
        return [row for row, state in enumerate(self._survey.states) if state.leaving]

    def feasible(self, pod: Pod) -> list[NodeRoom]:
        """Return the nodes where the pod may run and counts as LS work, and that could hold it without fillers."""
        return [room for room in self.able(pod.requests) if takes(room.node, pod)]

    def tracks(self, need: Resources) -> NDArray[np.bool_]:
        """Say of all nodes whether they list single devices of what is asked for."""
        asked = [kind for kind, name in enumerate(self._survey.ground.tracked) if need.get(name, 0) > 0]
        return np.asarray((self._survey.rows.unit[:, asked] > 0).any(axis=1))

    def growing(self) -> list[NodeRoom]:
        """Return the nodes where pods that are no fillers wait to grow in place."""
        return self.at(sorted(self._survey.row_of[name] for name in self._survey.growing))

    def _may_have_devices(self, need: Resources) -> NDArray[np.bool_]:
        """Say of all nodes whether devices for a need might be free: not where they are tracked and none is."""
        rows = self._survey.rows
        may_have = np.ones(len(rows.unit), dtype=bool)
        for kind, name in enumerate(self._survey.ground.tracked):
            if (amount := need.get(name, 0)) > 0:
                unit, devices = rows.unit[:, kind], rows.devices[:, kind]
                wholes = (devices == unit[:, None]).sum(axis=1) * unit
                may_have &= np.where(amount < unit, (devices >= amount).any(axis=1), wholes >= amount) | (unit == 0)
        return may_have

    def vector(self, need: Resources) -> Ints:
        """Return what is asked for by column, far below zero where nothing is."""
        # What is not asked for may be short: others may hold more than there is.
        wanted = [need.get(name, 0) for name in self._survey.ground.columns]
        return np.array([amount if amount > 0 else -(2**62) for amount in wanted], dtype=np.int64)


def whole_of(survey: Survey) -> dict[str, int]:
    """Return what all nodes offer together, by which lost work is measured."""
    return dict(zip(survey.ground.columns, survey.rows.total.sum(axis=0).tolist(), strict=True))


def takes(node: Node, pod: Pod) -> bool:
    """Say whether an LS pod may be scheduled on a node, capacity aside."""
    return node.trouble in ("", "Cordoned") and may_run_on(pod.constraints, node)
