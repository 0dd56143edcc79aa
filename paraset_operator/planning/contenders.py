"""Which sets may put something new where, and how many: what is in their way is named."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.plan import Limit
from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.names import IndexPool, NameCount
from paraset_operator.planning.pacing import Pacing, creations_allowed

Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Contender:
    """A set while holes are filled: how many fillers it has and may have, on which nodes, and what limits it.

    Nothing is placed that may not be made now: others would shrink for it, or go without the room, for nothing.
    """

    owner: ParaSetView
    count: int
    usable: Mask
    most: int = 0
    pool: IndexPool | None = None
    limits: dict[Limit, str] = field(default_factory=dict)
    bound: tuple[Limit, str] | None = None


def contender_of(
    owner: ParaSetView, count: int, admits: Mask, cooling: Mask, refusing: Mask, pacing: Pacing, now: float
) -> Contender:
    """Return a set with the nodes where it may put something new now, and with what keeps it from others."""
    limits: dict[Limit, str] = {}
    if owner.is_suspended:
        limits[Limit.SUSPENDED] = "spec.suspend is true"
    elif owner.fault:
        limits[Limit.TEMPLATE] = owner.fault
    elif wait := pacing.back_off_of(owner.uid, now):
        limits[wait.cause] = wait.message
    if limits:
        return Contender(owner, count, np.zeros_like(admits), limits=limits)
    if not admits.any():
        limits[Limit.NO_NODE] = "no node that a policy covers admits the set's node selector, affinity and tolerations"
    if hot := int((admits & cooling).sum()):
        limits[Limit.COOL_DOWN] = f"{hot} nodes were reclaimed by LS work a short while ago"
    if refused := int((admits & ~cooling & refusing).sum()):
        limits[Limit.PENDING] = f"{refused} nodes did not take the set's fillers a short while ago"
    return Contender(owner, count, admits & ~cooling & ~refusing, limits=limits)


def admit(contender: Contender, names: NameCount, gone: Iterable[Pod], pacing: Pacing, now: float) -> None:
    """Bound how many fillers a set may have after this plan: by its ceiling, the names it has left, and its rates."""
    pool = IndexPool.of(contender.owner.ceiling, names, gone)
    allowed = creations_allowed(pacing, contender.owner, contender.count, now, names.unready)
    contender.pool = pool
    contender.most = min(contender.owner.ceiling, contender.count + min(allowed, pool.size))
    if contender.most == contender.owner.ceiling:
        return
    trial = pacing.trial_of(contender.owner.uid, now)
    if pool.size < min(allowed, contender.owner.ceiling - contender.count):
        contender.bound = Limit.CEILING, "other pods have the names of some of the set's fillers"
    elif trial:
        contender.bound = trial.cause, f"starting again slowly after: {trial.message}"
    else:
        contender.bound = Limit.RATE, f"spec.behavior.scaleUp allows {allowed} more now"
