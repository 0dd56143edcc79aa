"""Which sets may put something new where, and how many: what is in their way is named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.plan import Limit, Storm
from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.behavior import ceiling_to_fill, creations_allowed
from paraset_operator.planning.names import IndexPool, NameCount
from paraset_operator.planning.pacing import Pacing

Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Contender:
    """A set while holes are filled: how many fillers it has and may have, on which nodes, and what limits it.

    Nothing is placed that may not be made now: others would shrink for it, or go without the room, for nothing.
    `bound` is what bounds `most` other than the ceiling, `held_up` what keeps fillers from leaving. `waits` say when
    limits end, by node, or "" for the whole set.
    """

    owner: ParaSetView
    count: int
    usable: Mask
    most: int = 0
    pool: IndexPool | None = None
    limits: dict[Limit, str] = field(default_factory=dict)
    bound: tuple[Limit, str] | None = None
    held_up: tuple[Limit, str] | None = None
    waits: dict[Limit, tuple[tuple[str, float], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Obstacles:
    """Nodes that take nothing new for now: those that cool down, those in a storm, those that a set keeps off.

    `refusal` is what happened on one of the last. `ends` say of rows which node that is and when its wait ends.
    """

    cooling: Mask
    stormy: Mask
    refusing: Mask
    refusal: str = ""
    storms: tuple[Storm, ...] = ()
    ends: Mapping[int, tuple[str, float]] = field(default_factory=dict)

    def waits_on(self, nodes: Mask) -> tuple[tuple[str, float], ...]:
        """Return when waits on these nodes end, where that is known."""
        return tuple(self.ends[row] for row in np.flatnonzero(nodes).tolist() if row in self.ends)


def contender_of(
    owner: ParaSetView, count: int, admits: Mask, obstacles: Obstacles, pacing: Pacing, now: float
) -> Contender:
    """Return a set with the nodes where it may put something new now, and with what keeps it from others."""
    limits: dict[Limit, str] = {}
    waits: dict[Limit, tuple[tuple[str, float], ...]] = {}
    if owner.is_suspended:
        limits[Limit.SUSPENDED] = "spec.suspend is true"
    elif owner.fault:
        limits[Limit.TEMPLATE] = owner.fault
    elif wait := pacing.back_off_of(owner.uid, now):
        limits[wait.cause], waits[wait.cause] = wait.message, (("", wait.until),)
    if limits:
        return Contender(owner, count, np.zeros_like(admits), limits=limits, waits=waits)
    if not admits.any():
        limits[Limit.NO_NODE] = "no node that a policy covers admits the set's node selector, affinity and tolerations"
    if (admits & obstacles.stormy).any():
        limits[Limit.STORM] = "nothing is begun until it is calm: " + "; ".join(
            each.message for each in obstacles.storms
        )
    open_to = admits & ~obstacles.stormy
    if hot := int((open_to & obstacles.cooling).sum()):
        limits[Limit.COOL_DOWN] = f"{hot} nodes were reclaimed by LS work a short while ago"
        waits[Limit.COOL_DOWN] = obstacles.waits_on(open_to & obstacles.cooling)
    open_to = open_to & ~obstacles.cooling
    if refused := int((open_to & obstacles.refusing).sum()):
        words = f"{refused} nodes did not take the set's fillers a short while ago"
        limits[Limit.PENDING] = f"{words}: {obstacles.refusal}" if obstacles.refusal else words
        waits[Limit.PENDING] = obstacles.waits_on(open_to & obstacles.refusing)
    return Contender(owner, count, open_to & ~obstacles.refusing, limits=limits, waits=waits)


def admit(contender: Contender, names: NameCount, gone: Iterable[Pod], pacing: Pacing, now: float) -> None:
    """Bound how many fillers a set may have after this plan: by its ceiling, the names it has left, and its rates."""
    owner = contender.owner
    pool = IndexPool.of(owner.ceiling, names, gone)
    allowed = creations_allowed(pacing, owner, contender.count, now, names.unready)
    target = ceiling_to_fill(pacing, owner, now)
    contender.pool = pool
    contender.most = min(target, contender.count + min(allowed, pool.size))
    if contender.count > owner.ceiling:
        above = contender.count - owner.ceiling
        contender.held_up = Limit.RATE, f"spec.behavior.scaleDown keeps {above} above spec.replicas for now"
    if contender.most == owner.ceiling:
        return
    trial = pacing.trial_of(owner.uid, now)
    if contender.most == target:
        words = f"spec.behavior.scaleUp.stabilizationWindowSeconds still holds the set at {target}"
        contender.bound = Limit.RATE, words
    elif pool.size < min(allowed, owner.ceiling - contender.count):
        contender.bound = Limit.CEILING, "other pods have the names of some of the set's fillers"
    elif trial:
        contender.bound = trial.cause, f"starting again slowly after: {trial.message}"
    else:
        contender.bound = Limit.RATE, f"spec.behavior.scaleUp allows {allowed} more now"
