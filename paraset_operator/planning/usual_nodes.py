"""Nodes where all fillers run as their sets want them: sized as plain numbers, objects made only of what changes.

The rule is that of sizing.py: shrink for what came, then grow by worth. Here nothing is promised, nobody leaves, and no
filler holds more for its init containers than for itself; so cores and memory do not depend on each other, and who
does not change need not be looked at twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.devices import Free
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.planning.fairness import Shares, Turn
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.room import Instance, NodeRoom, givers_of
from paraset_operator.planning.sizing import STEPS, WORTHWHILE, round_up
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Ground, Rows
from paraset_operator.planning.worth import Scales, density

_NO_TURN: Turn = (0.0, 0.0, "")
_by_worth = itemgetter(0, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class UsualNode:
    """What changes on a node (`instances`), what is free there at once, and the pods whose room is on its way."""

    node: Node
    policy: PolicyView | None
    open_now: dict[str, int]
    devices_now: dict[str, Free]
    givers: list[str]
    instances: list[Instance]

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name


# A node where something changes: as a whole, or only what does.
ChangedNode: TypeAlias = NodeRoom | UsualNode


@dataclass(slots=True)
class _Filler:
    """A filler that runs, or is new: its shape's row, its sizes in the order of the shape, and whether they change."""

    shape: int
    name: str
    sizes: list[int]
    pod: Pod | None = None
    is_other: bool = False


@dataclass(frozen=True, slots=True)
class _Growth:
    """One elastic resource of a shape: its place among these, its bounds, and the worth of a unit between sets."""

    place: int
    least: int
    most: int
    worth: float


@dataclass(frozen=True, slots=True)
class _Resource:
    """What of a resource grows: by shape (None: it does not); `is_tied` says that sets may find it worth the same."""

    name: str
    column: int
    step: int
    growths: tuple[_Growth | None, ...]
    is_tied: bool

    @classmethod
    def of(cls, ground: Ground, name: str, scales: Scales) -> "_Resource":
        """Return what grows of a resource."""
        growths, worths = [], set()
        for of, shape in ground.shapes:
            scale, growth = scales.get(ground.sets[of].key, 0.0), None
            for place, each in enumerate(shape.elastic):
                if each.resource == name:
                    growth = _Growth(place, each.minimum, each.maximum, density(each) * scale)
                    worths.add((growth.worth, of))
            growths.append(growth)
        is_tied = len({worth for worth, _ in worths}) < len(worths)
        return cls(name, ground.columns.index(name), STEPS[name], tuple(growths), is_tied)


def is_plain(ground: Ground, rows: Rows, at: Ints, new: Ints) -> NDArray[np.bool_]:
    """Say on which of the nodes `at` no filler, be it new, has init containers that ask for more than itself."""
    special = np.array([bool(shape.initial) for _, shape in ground.shapes], dtype=bool)
    if not special.any():
        return np.ones(len(new), dtype=bool)
    there = rows.counts[at][:, special] + new[:, special]
    plain: NDArray[np.bool_] = there.sum(axis=1) == 0
    return plain


class UsualNodes:
    """Such nodes in one plan."""

    def __init__(self, survey: Survey, rows: Rows, scales: Scales, shares: Shares) -> None:
        self._survey, self._rows, self._shares, self._ground = survey, rows, shares, survey.ground
        self._index = {
            (self._ground.sets[of].uid, shape.name): index for index, (of, shape) in enumerate(self._ground.shapes)
        }
        self._owners = [of for of, _ in self._ground.shapes]
        self._keys = [self._ground.sets[of].key for of in self._owners]
        self._elastic = [tuple(each.resource for each in shape.elastic) for _, shape in self._ground.shapes]
        self._names = [Instance(self._ground.sets[of], shape, {}).name for of, shape in self._ground.shapes]
        self._resources = [_Resource.of(self._ground, name, scales) for name in STEPS]
        # What of no resource grows runs on as it is.
        self._changes = [any(each.growths[index] for each in self._resources) for index in range(len(self._owners))]
        self._new: dict[int, list[int]] = {}
        # Row, set, column and amount of what fillers have grown by.
        self._grown: list[tuple[int, int, int, int]] = []

    @property
    def rows(self) -> Iterable[int]:
        """The nodes with something new."""
        return self._new.keys()

    def take(self, at: Ints, new: Ints) -> None:
        """Count new fillers (nodes x shapes) at their smallest."""
        ground, rows, taken = self._ground, self._rows, new @ self._ground.needs
        rows.held[at] += taken
        rows.smallest[at] += taken
        rows.counts[at] += new
        for of, owner in enumerate(ground.sets):
            mine = ground.owners == of
            own = new[:, mine] @ ground.needs[mine]
            rows.own[at, of] += own
            self._shares.add(owner, dict(zip(ground.columns, own.sum(axis=0).tolist(), strict=True)))
        self._new |= zip(at.tolist(), new.tolist(), strict=True)

    def size(self, row: int) -> UsualNode | None:
        """Size the fillers of a node; None if nothing changes."""
        fillers = list(self._fillers(row))
        left, held = (self._rows.room[row] - self._rows.held[row]).tolist(), self._rows.held[row].tolist()
        turns = self._turns(fillers)
        for resource in self._resources:
            rest = left[resource.column]
            if rest < 0 < held[resource.column]:
                rest += self._shrink(row, fillers, resource, -rest)
            if rest >= resource.step:
                self._grow(row, fillers, resource, rest, turns)
        changed = [self._instance(each) for each in fillers if each.is_other]
        return self._node(row, changed) if changed else None

    def write(self) -> set[int]:
        """Write the rows of all nodes that were sized; return those that have changed."""
        if self._grown:
            row, of, column, amount = np.array(self._grown, dtype=np.int64).T
            np.add.at(self._rows.held, (row, column), amount)
            np.add.at(self._rows.own, (row, of, column), amount)
        return {row for row, *_ in self._grown}

    def _fillers(self, row: int) -> Iterator[_Filler]:
        """Yield those that run and may change, then those that are new."""
        index, elastic, changes = self._index, self._elastic, self._changes
        for pod in self._survey.states[row].pods:
            shape = index.get((pod.owner, pod.shape)) if pod.owner else None
            if shape is not None and changes[shape]:
                sizes = pod.sizes
                yield _Filler(shape, pod.name, [sizes[name] for name in elastic[shape]], pod)
        for shape, number in enumerate(self._new.get(row, ())):
            for _ in range(number):
                least = [each.minimum for each in self._ground.shapes[shape][1].elastic]
                yield _Filler(shape, self._names[shape], least, is_other=True)

    def _shrink(self, row: int, fillers: Iterable[_Filler], resource: _Resource, missing: int) -> int:
        """Take what is missing from the growth that is worth least; return how much that gives."""
        able = [
            (growth.worth, -size, self._keys[each.shape], each.name, growth, each)
            for each in fillers
            if (growth := resource.growths[each.shape]) is not None
            if each.pod is not None and (size := each.sizes[growth.place]) > growth.least
        ]
        given = 0
        for *_, growth, each in sorted(able, key=_by_worth):
            taken = min(round_up(resource.name, missing - given), each.sizes[growth.place] - growth.least)
            given += taken
            self._resize(row, each, growth, resource, -taken)
            if given >= missing:
                break
        return given

    def _grow(
        self, row: int, fillers: Iterable[_Filler], resource: _Resource, left: int, turns: Mapping[int, Turn]
    ) -> None:
        """Give what is left to the growth that is worth most."""
        able = [
            (-growth.worth, turns.get(self._owners[each.shape], _NO_TURN), each.name, "", growth, each)
            for each in fillers
            if (growth := resource.growths[each.shape]) is not None
            if growth.worth > 0 and growth.most - each.sizes[growth.place] >= resource.step and self._may_grow(each)
        ]
        for *_, growth, each in sorted(able, key=_by_worth):
            owner, size = self._ground.sets[self._owners[each.shape]], each.sizes[growth.place]
            free = self._shares.left_within_limits(owner, resource.name, left)
            more = min(free, growth.most - size) // resource.step * resource.step
            if more > 0 and (each.pod is None or more * WORTHWHILE >= size):
                left -= more
                self._resize(row, each, growth, resource, more)
                self._shares.add(owner, {resource.name: more})
            if left < resource.step:
                break

    def _resize(self, row: int, filler: _Filler, growth: _Growth, resource: _Resource, more: int) -> None:
        filler.sizes[growth.place] += more
        filler.is_other = True
        self._grown.append((row, self._owners[filler.shape], resource.column, more))

    def _may_grow(self, filler: _Filler) -> bool:
        paused = self._shares.paused
        if not paused:
            return True
        owner = self._ground.sets[self._owners[filler.shape]]
        return owner.uid not in paused and (filler.pod is None or filler.pod.uid not in paused)

    def _turns(self, fillers: Iterable[_Filler]) -> dict[int, Turn]:
        """Return whose turn it is, by set, as far as that decides anything."""
        if not any(resource.is_tied for resource in self._resources):
            return {}
        return {
            of: self._shares.turn_of(self._ground.sets[of]) for of in {self._owners[each.shape] for each in fillers}
        }

    def _instance(self, filler: _Filler) -> Instance:
        of, shape = self._ground.shapes[filler.shape]
        sizes = {each.resource: size for each, size in zip(shape.elastic, filler.sizes, strict=True)}
        pod = filler.pod
        return Instance(self._ground.sets[of], shape, sizes, pod, -1 if pod is None else pod.index)

    def _node(self, row: int, instances: list[Instance]) -> UsualNode:
        survey, ground = self._survey, self._ground
        state, free = survey.states[row], survey.rows.open_now[row].tolist()
        devices = {
            name: tuple(self._rows.devices[row, kind, : len(sizes)].tolist())
            for kind, name in enumerate(ground.tracked)
            if (sizes := state.node.devices.get(name, ()))
        }
        return UsualNode(
            node=state.node,
            policy=survey.policies[row],
            open_now=dict(zip(ground.columns, free, strict=True)),
            devices_now=devices,
            givers=givers_of(state),
            instances=instances,
        )
