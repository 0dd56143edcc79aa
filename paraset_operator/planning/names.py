"""Fillers' names: `<set>-<index>` with an index below the ceiling.

A set has no more names than its ceiling, so that no replayed create, no stale picture and no second leader can exceed
it: the API server answers AlreadyExists. Pods on their way out count until they are gone.
"""

from collections.abc import Container
from dataclasses import dataclass, field

from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Snapshot


@dataclass(slots=True)
class IndexPool:
    """The indices a set has left, lowest first.

    `vacant` counts pods that may be made before one has to go, and is below zero while more than the ceiling are there;
    `freed` are names that come free with pods which others wait for already.
    """

    taken: set[int]
    leaving: list[tuple[int, str]]
    vacant: int
    ceiling: int
    own: tuple[Pod, ...] = ()
    freed: list[tuple[int, str]] = field(default_factory=list)
    next_index: int = 0

    @classmethod
    def of(cls, owner: ParaSetView, snapshot: Snapshot, leaving: Container[str]) -> "IndexPool":
        """Return the pool of a set; `leaving` holds the uids of the pods that the plan takes away."""
        pods = [*snapshot.waiting, *(pod for state in snapshot.nodes for pod in state.pods)]
        own = [pod for pod in pods if pod.owner == owner.uid]
        gone = [pod for pod in own if pod.is_terminating or pod.is_finished or pod.uid in leaving]
        return cls(
            taken={index for pod in pods if (index := _index_of(pod, owner)) is not None},
            leaving=sorted((pod.index, pod.key) for pod in gone),
            vacant=owner.ceiling - len(own),
            ceiling=owner.ceiling,
            own=tuple(own),
        )

    @property
    def size(self) -> int:
        """How many indices can be taken: fewer than the ceiling leaves while pods that stay have the names."""
        stay = self.taken - {index for index, _ in self.leaving}
        names = self.ceiling - sum(1 for index in stay if index < self.ceiling)
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

    def _wait_for_next(self) -> str:
        index, key = self.leaving.pop(0)
        self.vacant += 1
        if index < self.ceiling:
            self.freed.append((index, key))
        return key


def _index_of(pod: Pod, owner: ParaSetView) -> int | None:
    """Return the index a pod's name takes from the set, be it another's pod or a filler of an earlier set so named."""
    head, _, tail = pod.name.rpartition("-")
    if pod.namespace != owner.namespace or head != owner.name or not tail.isdecimal():
        return None
    return int(tail)
