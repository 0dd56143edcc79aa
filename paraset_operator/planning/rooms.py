"""The nodes of one plan by name, each made into a working object only when somebody asks for it.

Most nodes of a large cluster have nothing to do with a plan. Who looks for room asks for nodes that could hold an
amount, and gets only those.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.quantity import CPU
from paraset_operator.model.resources import Resources
from paraset_operator.planning.feasibility import may_run_on
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
        self._standing = Standing()
        total = survey.rows.total.sum(axis=0).tolist()
        self._whole = dict(zip(survey.ground.columns, total, strict=True))

    def __getitem__(self, name: str) -> NodeRoom:
        made = self._made.get(name)
        if made is None:
            row = self._survey.row_of[name]
            made = room_of(self._survey.states[row], self._survey.policies[row], self._owners, self._whole)
            made.is_cooling, made.standing = name in self._cooling, self._standing
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
        self._standing = standing
        for room in self._made.values():
            room.standing = standing

    @property
    def made(self) -> list[NodeRoom]:
        """Return the rooms that somebody has asked for, in the order of the picture."""
        return sorted(self._made.values(), key=self.row_of)

    def able(self, need: Resources) -> list[NodeRoom]:
        """Return all nodes that could hold an amount if every filler left, and maybe some that could not."""
        return self.at(np.flatnonzero((self._survey.rows.able >= self._vector(need)).all(axis=1)))

    def landing(self, pod: Pod) -> NodeRoom | None:
        """Return where the scheduler can put a pod at once: the node with most cores open, as it prefers; else None."""
        made = [room for room in self._made.values() if _takes(room.node, pod) and room.fits_now(pod.requests)]
        best = min(made, key=_by_cores, default=None)
        rows, cpu = self._survey.rows, self._survey.ground.columns.index(CPU)
        is_free = (rows.open_now >= self._vector(pod.requests)).all(axis=1) & self._may_have_devices(pod.requests)
        free = np.flatnonzero(is_free)
        for row in free[np.lexsort((free, -rows.open_now[free, cpu]))]:
            node = self._survey.states[row].node
            if node.name in self._made or not _takes(node, pod):
                continue
            room = self[node.name]
            if room.fits_now(pod.requests):
                return min((each for each in (best, room) if each is not None), key=_by_cores)
        return best

    def feasible(self, pod: Pod) -> list[NodeRoom]:
        """Return the nodes where the pod may run and counts as LS work, and that could hold it without fillers."""
        return [room for room in self.able(pod.requests) if _takes(room.node, pod)]

    def preempted(self) -> list[NodeRoom]:
        """Return the nodes where the scheduler has made some filler leave."""
        return self.at(row for row, state in enumerate(self._survey.states) if state.preempted)

    def growing(self) -> list[NodeRoom]:
        """Return the nodes where pods that are no fillers wait to grow in place."""
        return self.at(row for row, state in enumerate(self._survey.states) if state.growing)

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

    def _vector(self, need: Resources) -> Ints:
        # What is not asked for may be short: others may hold more than there is.
        wanted = [need.get(name, 0) for name in self._survey.ground.columns]
        return np.array([amount if amount > 0 else -(2**62) for amount in wanted], dtype=np.int64)


def _takes(node: Node, pod: Pod) -> bool:
    return node.trouble in ("", "Cordoned") and may_run_on(pod.constraints, node)


def _by_cores(room: NodeRoom) -> tuple[int, str]:
    return -room.open_now.get(CPU, 0), room.name
