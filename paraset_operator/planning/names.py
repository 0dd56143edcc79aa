"""Fillers' names: `<set>-<index>` with an index below the ceiling.

A set has no more names than its ceiling, so that no replayed create, no stale picture and no second leader can exceed
it: the API server answers AlreadyExists. Pods on their way out count until they are gone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import filterfalse, islice

from paraset_operator.model.pod import Pod


@dataclass(slots=True)
class NameCount:
    """Of one set: how often each index is taken, by any pod; how many fillers there are, and are not ready.

    No index above `highest` is taken. Those below `_next` are all taken, but for some of the `_given_back`.
    """

    taken: dict[int, int] = field(default_factory=dict)
    count: int = 0
    unready: int = 0
    highest: int = field(default=-1, compare=False)
    _next: int = field(default=0, compare=False)
    _given_back: list[int] = field(default_factory=list, compare=False)

    def lowest_free(self) -> int:
        """Return the lowest index that nobody has taken."""
        while self._given_back and self._given_back[0] in self.taken:
            heappop(self._given_back)
        if self._given_back:
            return self._given_back[0]
        while self._next in self.taken:
            self._next += 1
        return self._next

    def take(self, index: int, times: int = 1) -> None:
        """Count an index once more, or, with -1, once less."""
        self.take_all((index,), times)

    def take_all(self, indices: Iterable[int], times: int) -> None:
        """Count each of these once more, or, with -1, once less."""
        taken = self.taken
        for index in indices:
            left = taken.get(index, 0) + times
            if left:
                taken[index] = left
                self.highest = max(self.highest, index)
            else:
                del taken[index]
                if index < self._next:
                    heappush(self._given_back, index)

    def copy(self) -> "NameCount":
        """Return the same count, to be changed on its own."""
        return replace(self, taken=dict(self.taken), _given_back=list(self._given_back))


@dataclass(slots=True)
class IndexPool:
    """The indices a set has left, lowest first.

    `vacant` counts pods that may be made before one has to go, and is below zero while more than the ceiling are there;
    `freed` are names that come free with pods which others wait for already.
    """

    taken: Mapping[int, int]
    highest: int
    leaving: list[tuple[int, str]]
    vacant: int
    ceiling: int
    freed: list[tuple[int, str]] = field(default_factory=list)
    next_index: int = 0

    @classmethod
    def of(cls, ceiling: int, names: NameCount, gone: Iterable[Pod]) -> "IndexPool":
        """Return the pool of a set; `gone` are its pods that are on their way out or finished."""
        leaving = sorted((pod.index, pod.key) for pod in gone)
        vacant = ceiling - names.count
        return cls(names.taken, names.highest, leaving, vacant, ceiling, next_index=names.lowest_free())

    @property
    def size(self) -> int:
        """How many indices can be taken: fewer than the ceiling leaves while pods that stay have the names."""
        given = {index for index, _ in self.leaving if index in self.taken}
        above = sum(index >= self.ceiling for index in self.taken) if self.highest >= self.ceiling else 0
        names = self.ceiling - (len(self.taken) - above - sum(index < self.ceiling for index in given))
        return max(0, min(names, self.vacant + len(self.leaving)))

    def take(self) -> tuple[int, tuple[str, ...]]:
        """Return an index and what has to be gone first: no pod, or those whose places and name are needed."""
        first: list[str] = []
        while self.leaving and self.vacant <= 0:
            first.append(self._wait_for_next())
        self.vacant -= 1
        while self.next_index in self.taken:
            self.next_index += 1
        if self.next_index < self.ceiling:
            self.next_index += 1
            return self.next_index - 1, tuple(first)
        while not self.freed:
            self._wait_for_next()
        index, key = self.freed.pop(0)
        return index, tuple(dict.fromkeys((*first, key)))

    def take_many(self, count: int) -> tuple[list[int], list[tuple[int, tuple[str, ...]]]]:
        """Return so many indices: first those that wait for nothing, then the others, each with what it waits for."""
        at_once = max(0, min(count, self.vacant)) if self.leaving else count
        indices = range(self.next_index, self.ceiling)
        free = list(islice(filterfalse(self.taken.__contains__, indices), at_once))
        self.next_index = free[-1] + 1 if free else self.next_index
        self.vacant -= len(free)
        return free, [self.take() for _ in range(count - len(free))]

    def _wait_for_next(self) -> str:
        index, key = self.leaving.pop(0)
        self.vacant += 1
        if index < self.ceiling:
            self.freed.append((index, key))
        return key


def holder_of(pod: Pod, sets: Mapping[tuple[str, str], int]) -> tuple[int, int]:
    """Return the set (by namespace and name) that a pod's name takes an index from, and the index; else -1.

    Be it another's pod or a filler of an earlier set so named.
    """
    head, _, tail = pod.name.rpartition("-")
    row = sets.get((pod.namespace, head), -1)
    return (row, int(tail)) if row >= 0 and tail.isdecimal() else (-1, -1)
