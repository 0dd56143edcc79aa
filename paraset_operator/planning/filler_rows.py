"""What running fillers count for in the rows of their nodes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.resources import devices_of
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.room import smallest_of
from paraset_operator.planning.sizing import kept_sizes, least_growth
from paraset_operator.planning.survey_rows import NEVER, Ground, Rows


@dataclass(frozen=True, slots=True)
class _Kind:
    """What counts of fillers that do not differ in it: set and shape (their rows; no shape if it is not kept), what
    they hold, and if they are kept what they ask for, that at its smallest, and the least growth worth a write. What is
    pinned stays and is of no known shape, so that its room is nobody else's.
    """

    of_set: int
    shape: int
    stays: bool
    is_pinned: bool
    held: list[int]
    requests: list[int]
    smallest: list[int]
    growth: list[int]
    is_usual: bool


class FillerRows:
    """Counts the fillers of sets that are known."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._set_row = {owner.uid: row for row, owner in enumerate(ground.sets)}
        self._shape_row = {(row, shape.name): index for index, (row, shape) in enumerate(ground.shapes)}
        self._number: dict[tuple[object, ...], int] = {}
        self._kinds: list[_Kind] = []

    def add(self, rows: Rows, at: Iterable[int], fillers: Iterable[Sequence[Pod]]) -> None:
        """Add the fillers of nodes to their rows, in which there are none yet."""
        known, number = self._set_row, self._number_of
        found = [
            (row, number(pod)) for row, pods in zip(at, fillers, strict=True) for pod in pods if pod.owner in known
        ]
        if found:
            row, numbers = np.array(found, dtype=np.int64).T
            used, which = np.unique(numbers, return_inverse=True)
            self._add(rows, row, [self._kinds[each] for each in used.tolist()], which)

    def _add(self, rows: Rows, row: Ints, kinds: Sequence[_Kind], which: Ints) -> None:
        """Add fillers, given by the rows of their nodes in turn, and by which of the kinds they are."""

        def of(values: Iterable[object]) -> Ints:
            return np.array(list(values))[which]

        nodes, begin = _runs(row)
        held, of_set = of(each.held for each in kinds), of(each.of_set for each in kinds)
        requests, shape = of(each.requests for each in kinds), of(each.shape for each in kinds)
        growth = of(each.growth for each in kinds)
        rows.room[nodes] += np.add.reduceat(held * ~of(each.is_pinned for each in kinds)[:, None], begin)
        rows.able[nodes] += np.add.reduceat(held * of(each.stays for each in kinds)[:, None], begin)
        rows.held[nodes] = np.add.reduceat(requests, begin)
        rows.smallest[nodes] = np.add.reduceat(of(each.smallest for each in kinds), begin)
        usual = of(each.is_usual for each in kinds) & rows.admits[row, of_set]
        rows.unusual[nodes] = ~np.logical_and.reduceat(usual, begin)
        np.add.at(rows.counts, (row[shape >= 0], shape[shape >= 0]), 1)
        for owner in np.unique(of_set).tolist():
            mine = np.flatnonzero(of_set == owner)
            nodes, begin = _runs(row[mine])
            rows.own[nodes, owner] = np.add.reduceat(requests[mine], begin)
            rows.growth[nodes, owner] = np.minimum.reduceat(growth[mine], begin)

    def _number_of(self, pod: Pod) -> int:
        """Return the number of the kind of a filler."""
        is_settled = pod.held is pod.requests or pod.held == pod.requests
        key = (
            pod.owner,
            pod.shape,
            pod.template_hash,
            pod.is_running and bool(pod.node),
            pod.is_ending,
            pod.resize,
            pod.trouble,
            bool(pod.leaving_at),
            tuple(pod.requests.items()),
            tuple(pod.sizes.items()),
            None if is_settled else tuple(pod.held.items()),
        )
        number = self._number.get(key)
        if number is None:
            number = self._number[key] = len(self._kinds)
            self._kinds.append(self._kind(pod))
        return number

    def _kind(self, pod: Pod) -> _Kind:
        of_set, vector = self._set_row[pod.owner], self._ground.vector
        stays = not pod.is_ending
        index, held = self._shape_row.get((of_set, pod.shape), -1), vector(pod.held)
        none, never = vector({}), [NEVER] * len(held)
        if index < 0 or not stays:
            is_pinned = stays and self._ground.sets[of_set].is_unreadable
            return _Kind(of_set, -1, stays, is_pinned, held, none, none, never, is_usual=False)
        owner, shape = self._ground.sets[of_set], self._ground.shapes[index][1]
        least = dict(least_growth(pod, shape))
        growth = [least.get(name, NEVER) for name in self._ground.columns]
        usual = _is_usual(pod, shape, owner)
        smallest = vector(smallest_of(pod, shape))
        return _Kind(of_set, index, stays, False, held, vector(pod.requests), smallest, growth, usual)


def _runs(rows: Ints) -> tuple[Ints, Ints]:
    """Return the distinct rows of runs of equal ones, and where each run begins."""
    begin = np.flatnonzero(np.diff(rows, prepend=-1))
    return rows[begin], begin


def _is_usual(pod: Pod, shape: Shape, owner: ParaSetView) -> bool:
    return (
        pod.resize is Resize.NONE
        and pod.is_running
        and bool(pod.node)
        and not pod.trouble
        and not pod.leaving_at
        and not owner.is_suspended
        and pod.template_hash == shape.template_hash
        and (pod.held is pod.requests or pod.held == pod.requests)
        and devices_of(shape.smallest) == devices_of(pod.requests)
        and all(pod.sizes.get(name) == size for name, size in kept_sizes(pod, shape).items())
        # Usual nodes are sized between minimum and maximum alone.
        and all(each.shrinks or pod.sizes.get(each.resource) == each.minimum for each in shape.elastic)
    )
