"""What an eviction costs, and in which order fillers go: the whole policy of victims, in one file.

The cost of a filler is the work that its eviction loses: the dominant share of the cluster that it holds, times the
seconds since its last checkpoint. When that was, says, the first that is there:

1. the worker: annotation `paraset.io/last-checkpoint` on its pod
2. the set: `spec.yield.checkpointIntervalSeconds`, counted from the start of the filler
3. else nobody: everything since the start is lost

A worker's word moves the cost only within what silence could cost: never above the time since its start (what a
predecessor saved is not at stake), never below zero. A time later than now is no word at all. So a lie brings a tenant
nothing that silence would not: a set that neither declares nor says anything counts as one that never saves.

Order, first to go first. On one node, and between nodes:

1. fewest devices released beyond the need (a filler of 8 GPUs is not evicted for one GPU where another will do)
2. between nodes: fewest LS pods that wait there already (yielding.py)
3. least work lost
4. between nodes: fewest victims, then fewest shrinks of memory, then fewest shrinks
5. least progress, by annotation `paraset.io/progress`; a filler that says nothing has made none
6. the youngest
7. sets last that would fall below `minReplicas`, then those that have least of their fair share (namespaces first)
8. by namespace and name (nodes: least promised, then name), so that the order is total

Shares and minimums come last on purpose: what LS work needs is taken where that costs the cluster least, and fairness
is made good when room is filled again.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.fairness import Shares

Owners = dict[str, ParaSetView]


class Ties(NamedTuple):
    """What decides between equal losses: the most progress, age, sets at their minimum, turns by share; less is first.

    `age` is the creation of the oldest, negative.
    """

    progress: float = 0.0
    age: float = 0.0
    at_floor: int = 0
    turn: int = 0


# It has nothing to lose, whatever the time.
NEVER_STARTED = math.inf
NO_TIES = Ties()
LEAST_TIES = Ties(age=-math.inf)


@dataclass(slots=True)
class Standing:
    """How many fillers each set has beside those that leave, and who has most of its share (turn 0), by uid.

    `version` counts the sets that have come to their minimum: their fillers cost more from then on, never less.
    """

    counts: dict[str, int] = field(default_factory=dict)
    floors: Mapping[str, int] = field(default_factory=dict)
    turns: Mapping[str, int] = field(default_factory=dict)
    version: int = 0

    def leave(self, pod: Pod) -> None:
        """Count a filler as leaving."""
        before = self.at_floor(pod.owner)
        self.counts[pod.owner] = self.counts.get(pod.owner, 0) - 1
        self.version += self.at_floor(pod.owner) - before

    def at_floor(self, uid: str) -> int:
        """Return 1 for a set that one filler less brings below its minimum."""
        return int(self.counts.get(uid, 0) <= self.floors.get(uid, 0)) if self.floors.get(uid, 0) else 0


def standing_of(sets: Sequence[ParaSetView], counts: Sequence[int], shares: Shares) -> Standing:
    """Return how sets stand that have so many fillers and hold such shares."""
    levels = {owner.uid: shares.turn_of(owner)[:2] for owner in sets}
    rank = {level: place for place, level in enumerate(sorted(set(levels.values()), reverse=True))}
    return Standing(
        counts={owner.uid: count for owner, count in zip(sets, counts, strict=True)},
        floors={owner.uid: min(owner.floor, owner.ceiling) for owner in sets if owner.floor},
        turns={uid: rank[level] for uid, level in levels.items()},
    )


def seconds_lost(pod: Pod, owners: Owners, now: float) -> float:
    """Return the seconds of work an eviction loses: since the last checkpoint that is known of, at most since start."""
    since, period = lost_since(pod, owners, heeds=pod.checkpointed <= now)
    age = max(0.0, now - since)
    return age % period if period else age


def lost_since(pod: Pod, owners: Owners, *, heeds: bool = True) -> tuple[float, float]:
    """Return since when a filler has work to lose, and the interval after which it begins anew, 0 for never.

    Where a worker's word is heeded that may be later than now, what follows is a lower bound.
    """
    if not pod.started:
        return NEVER_STARTED, 0.0
    if heeds and pod.checkpointed > 0:
        return max(pod.started, pod.checkpointed), 0.0
    owner = owners.get(pod.owner)
    return pod.started, float(owner.checkpoint_seconds) if owner else 0.0


def ties_of(pod: Pod, standing: Standing) -> Ties:
    """Return what decides about a filler among those whose eviction loses as much."""
    return Ties(pod.progress, -pod.created, standing.at_floor(pod.owner), standing.turns.get(pod.owner, 0))


def worst_ties(pods: Iterable[Pod], standing: Standing) -> Ties:
    """Return what decides about fillers that go together: the worst of each."""
    every = [ties_of(pod, standing) for pod in pods]
    if not every:
        return NO_TIES
    progress, age, at_floor, turn = zip(*every, strict=True)
    return Ties(max(progress), max(age), max(at_floor), max(turn))
