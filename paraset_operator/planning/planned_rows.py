"""The rows of a plan and what they come to over all nodes, kept from plan to plan.

A plan writes the rows of the nodes it changes. The next one starts from the survey again: only the rows that were
written or have changed since are copied and counted anew, so that what a large cluster comes to costs no pass over it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.problem import Ints
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Ground, Rows

Mask = NDArray[np.bool_]

# What a plan writes; all else it only reads, and shares with the survey.
_WRITTEN = ("room", "held", "smallest", "growth", "counts", "own", "devices")


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over nodes: fillers by shape (`counts`), what each set holds (`own`, sets x columns), the `room` of nodes
    that take anybody, and the number of nodes where a set has fillers (`nodes`), that admit it (`admitting`), and that
    could hold a shape of it if they were empty (`able`).
    """

    counts: Ints
    own: Ints
    room: Ints
    nodes: Ints
    admitting: Ints
    able: Ints


class PlannedRows:
    """`rows` are as surveyed, but for those `written`; `stale` are those that may differ from the last plan's.

    `changed` are the rows that were surveyed since the last plan. `crowded` are nodes that have less room than fillers
    hold, `growing` those where growth would be worth a write.
    """

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._ground, self._surveyed = survey.ground, survey.rows
        self.rows = survey.rows
        self.written: set[int] = set()
        self.changed: set[int] = set()
        self._before: set[int] = set()
        self._begin()

    def catch_up(self) -> None:
        """Bring everything up to date with what the survey has just looked at."""
        survey = self._survey
        if survey.rows is not self._surveyed:
            self._begin()
            return
        self._ground = survey.ground
        self.changed.update(survey.changed)
        self._before |= self.written
        at = np.array(sorted(self.written.union(survey.changed)), dtype=np.int64)
        if len(at):
            for name in _WRITTEN:
                getattr(self.rows, name)[at] = getattr(survey.rows, name)[at]
            self._derive(at)
        self.written.clear()

    def _begin(self) -> None:
        survey = self._survey
        self._ground, self._surveyed, nodes = survey.ground, survey.rows, len(survey.states)
        self.rows = replace(survey.rows, **{name: getattr(survey.rows, name).copy() for name in _WRITTEN})
        self.written.clear()
        self.changed, self._before = set(range(nodes)), set(range(nodes))
        self.crowded, self.growing = np.zeros(nodes, dtype=bool), np.zeros(nodes, dtype=bool)
        self._parts = np.zeros((nodes, sum(_widths(self._ground).values())), dtype=np.int64)
        self._total: Ints = self._parts.sum(axis=0)
        self._derive(np.arange(nodes))

    def _derive(self, at: Ints) -> None:
        """Find out anew what follows from the rows `at`, which are as surveyed."""
        room, held = self.rows.room[at], self.rows.held[at]
        self.crowded[at] = ((held > room) & (held > 0)).any(axis=1)
        self.growing[at] = ((room - held)[:, None, :] >= self.rows.growth[at]).any(axis=(1, 2))
        parts = _counted(self._ground, self.rows, at)
        self._total += parts.sum(axis=0) - self._parts[at].sum(axis=0)
        self._parts[at] = parts

    @property
    def stale(self) -> Ints:
        """The rows that may differ from what they were at the end of the last plan."""
        return np.array(sorted(self._before | self.changed | self.written), dtype=np.int64)

    def settle(self) -> None:
        """Take the rows as they are for those of a plan that is made."""
        self.changed.clear()
        self._before.clear()

    def write(self, room: NodeRoom) -> None:
        """Write the row of a node as it is planned."""
        self.mark((self._survey.row_of[room.name],))
        self._survey.write(self.rows, room)

    def mark(self, rows: Iterable[int]) -> None:
        """Note that somebody is about to write these rows."""
        self.written.update(rows)

    def sums(self) -> Sums:
        """Return the sums over all rows as they are now."""
        total = self._total
        if self.written:
            at = np.array(sorted(self.written), dtype=np.int64)
            total = total + _counted(self._ground, self.rows, at).sum(axis=0) - self._parts[at].sum(axis=0)
        cuts = np.cumsum(list(_widths(self._ground).values()))[:-1]
        parts = dict(zip((each.name for each in fields(Sums)), np.split(total, cuts), strict=True))
        parts["own"] = parts["own"].reshape(len(self._ground.sets), len(self._ground.columns))
        return Sums(**parts)


def _widths(ground: Ground) -> dict[str, int]:
    """Return how many numbers each of the sums has."""
    sets, columns, shapes = len(ground.sets), len(ground.columns), len(ground.shapes)
    return {"counts": shapes, "own": sets * columns, "room": columns, "nodes": sets, "admitting": sets, "able": shapes}


def _counted(ground: Ground, rows: Rows, at: Ints) -> Ints:
    """Return what each of the nodes `at` adds to the sums."""
    counts, admits = rows.counts[at], rows.admits[at]
    of_set: Mask = np.equal(ground.owners[:, None], np.arange(len(ground.sets)))
    able: Mask = admits[:, ground.owners]
    total = rows.total[at]
    for column in range(len(ground.columns)):
        able &= total[:, column, None] >= ground.needs[:, column]
    parts: Ints = np.concatenate(
        (
            counts,
            rows.own[at].reshape(len(at), len(ground.sets) * len(ground.columns)),
            np.where(admits.any(axis=1, keepdims=True), rows.room[at], 0),
            counts @ of_set > 0,
            admits,
            able,
        ),
        axis=1,
        dtype=np.int64,
    )
    return parts
