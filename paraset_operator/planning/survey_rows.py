"""What a plan knows of all nodes, as arrays with one row a node, and what these rows depend on."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.policy import PolicyView
from paraset_operator.model.quantity import CPU, MEMORY, PODS
from paraset_operator.model.resources import Resources
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.problem import Ints

NEVER = 2**62
# Fields of a set that say how many fillers it may have and how they come and go, but nothing of a row.
NOT_IN_ROWS = (
    "generation",
    "ceiling",
    "floor",
    "weight",
    "grace_seconds",
    "checkpoint_seconds",
    "scale_up",
    "scale_down",
    "budgets",
    "fault",
)


# No slots: what is derived from it is kept.
@dataclass(frozen=True)
class Ground:
    """What rows depend on beside the node: sets and policies in order, and what the columns stand for.

    `columns` are resources; `tracked` are those of which some node lists its devices, `most_devices` how many at most;
    `shapes` are those of all sets, each with the row of its set.
    """

    sets: tuple[ParaSetView, ...] = ()
    policies: tuple[PolicyView, ...] = ()
    columns: tuple[str, ...] = ()
    tracked: tuple[str, ...] = ()
    most_devices: int = 0
    shapes: tuple[tuple[int, Shape], ...] = ()

    @classmethod
    def of(
        cls, nodes: Sequence[NodeState], sets: tuple[ParaSetView, ...], policies: tuple[PolicyView, ...]
    ) -> "Ground":
        """Return the ground of a picture."""
        shapes = tuple((row, shape) for row, owner in enumerate(sets) for shape in owner.shapes)
        asked = {name for _, shape in shapes for name in shape.smallest}
        # Nodes that name the same resources are very many.
        names = asked.union(*{tuple(state.node.allocatable) for state in nodes})
        devices = [state.node.devices for state in nodes]
        tracked = asked & set[str]().union(*{tuple(each) for each in devices})
        return cls(
            sets,
            policies,
            (CPU, MEMORY, PODS, *sorted(names - {CPU, MEMORY, PODS})),
            tuple(sorted(tracked)),
            max((len(each[name]) for name in tracked for each in devices if name in each), default=0),
            shapes,
        )

    @cached_property
    def owners(self) -> Ints:
        """The row of the set of each shape."""
        return np.array([owner for owner, _ in self.shapes], dtype=np.int64)

    @cached_property
    def bulk(self) -> list[int]:
        """How much of a tracked device each shape takes: who takes most is placed first, so that all find a device."""
        return [max((shape.smallest.get(name, 0) for name in self.tracked), default=0) for _, shape in self.shapes]

    @cached_property
    def needs(self) -> Ints:
        """What each shape takes at its smallest (shapes x columns)."""
        needs = [[shape.smallest.get(name, 0) for name in self.columns] for _, shape in self.shapes]
        return np.array(needs, dtype=np.int64).reshape(len(self.shapes), len(self.columns))

    def vector(self, amounts: Resources) -> list[int]:
        """Return amounts in the order of the columns."""
        return [amounts.get(name, 0) for name in self.columns]

    def number(self, counts: Ints) -> Ints:
        """Return how many fillers each set has, given how many there are of each shape."""
        return np.bincount(self.owners, weights=counts, minlength=len(self.sets)).astype(np.int64)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.columns)

    def holds_for(self, state: NodeState) -> bool:
        """Say whether the columns are enough for a node."""
        return state.node.allocatable.keys() <= self._names and all(
            name in self.tracked and len(sizes) <= self.most_devices
            for name, sizes in state.node.devices.items()
            if any(name in shape.smallest for _, shape in self.shapes)
        )


@dataclass(slots=True)
class Rows:
    """One row a node (first axis).

    `room` is what fillers may hold, others and the reserve left out; `held` is what those that are kept hold at their
    sizes, `smallest` what once they have shrunk. `open_now` is free at once, `able` what could be if all fillers left,
    `total` all there is. `counts` are fillers by shape; of those of each set (nodes x sets x columns) `growth` is the
    least that is worth a write, `own` what they hold. `devices` (nodes x tracked x most) is what is free of each device
    for fillers, those that are kept left in place; -1 where there is none, and `unit` the size of one. `left` is the
    same below zero too, where more is held than there is, and 0 where there is no device. `unusual` marks nodes where
    some filler is not simply running as its set wants it.
    """

    room: Ints
    held: Ints
    smallest: Ints
    growth: Ints
    open_now: Ints
    able: Ints
    total: Ints
    counts: Ints
    own: Ints
    devices: Ints
    unit: Ints
    left: Ints
    admits: NDArray[np.bool_]
    unusual: NDArray[np.bool_]

    @classmethod
    def empty(cls, nodes: int, ground: Ground) -> "Rows":
        """Return rows of zeros."""

        def zeros(*shape: int) -> Ints:
            return np.zeros((nodes, *shape), dtype=np.int64)

        columns, sets, kinds = len(ground.columns), len(ground.sets), len(ground.tracked)
        return cls(
            zeros(columns),
            zeros(columns),
            zeros(columns),
            zeros(sets, columns),
            zeros(columns),
            zeros(columns),
            zeros(columns),
            zeros(len(ground.shapes)),
            zeros(sets, columns),
            zeros(kinds, ground.most_devices),
            zeros(kinds),
            zeros(kinds, ground.most_devices),
            np.zeros((nodes, sets), dtype=bool),
            np.zeros(nodes, dtype=bool),
        )

    def take(self, rows: Ints) -> "Rows":
        """Return a copy with these rows, in this order."""
        return Rows(*(getattr(self, each.name)[rows] for each in fields(self)))
