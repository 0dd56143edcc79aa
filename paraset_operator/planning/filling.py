"""Which set is next, and where: holes are filled one instance at a time, neediest set first.

1. sets below `minReplicas`
2. shapes with devices: they fit beside running fillers at those fillers' smallest, who shrink for them
3. shapes without: they fit only into what is left at the sizes all others have, and start as large as that allows,
   because one large instance serves as well as many small ones

Nodes are tried in one order, fragments first: where idle room serves LS work least. Room only gets less while holes are
filled, so a shape that does not fit on a node is not tried there again.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from paraset_operator.model.plan import Limit
from paraset_operator.model.resources import Resources, fits, minus, total_of
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.planning.fairness import Shares
from paraset_operator.planning.feasibility import may_fill
from paraset_operator.planning.names import IndexPool
from paraset_operator.planning.pacing import Pacing, creations_allowed
from paraset_operator.planning.room import Instance, NodeRoom
from paraset_operator.planning.shape_choice import device_shapes, plain_shapes
from paraset_operator.planning.worth import density


@dataclass(slots=True)
class Site:
    """A node's room for fillers, with what is left beside them: at the planned sizes, and at their smallest."""

    room: NodeRoom
    left: dict[str, int]
    left_at_smallest: dict[str, int]

    def add(self, instance: Instance) -> None:
        """Put an instance here."""
        self.room.instances.append(instance)
        self.left = minus(self.left, instance.holds())
        self.left_at_smallest = minus(self.left_at_smallest, instance.smallest())


@dataclass(slots=True)
class Contender:
    """A set while holes are filled: how many fillers it has and may have, where they are tried next, what stopped it.

    Nothing is placed that may not be made now: others would shrink for it, or go without the room, for nothing.
    """

    owner: ParaSetView
    count: int
    sites: list[Site]
    most: int = 0
    pool: IndexPool | None = None
    cursors: dict[str, int] = field(default_factory=dict)
    limits: dict[Limit, str] = field(default_factory=dict)
    bound: tuple[Limit, str] | None = None


def site_of(room: NodeRoom) -> Site:
    """Return the node with what its kept instances leave."""
    available = room.fill_room()
    held = total_of(instance.holds() for instance in room.instances)
    smallest = total_of(instance.smallest() for instance in room.instances)
    return Site(room, minus(available, held), minus(available, smallest))


def contender_of(owner: ParaSetView, count: int, sites: list[Site], pacing: Pacing, now: float) -> Contender:
    """Return a set with the sites where it may put something new now, and with what keeps it from others."""
    limits: dict[Limit, str] = {}
    if owner.is_suspended:
        limits[Limit.SUSPENDED] = "spec.suspend is true"
    elif owner.fault:
        limits[Limit.TEMPLATE] = owner.fault
    elif wait := pacing.back_off_of(owner.uid, now):
        limits[wait.cause] = wait.message
    if limits:
        return Contender(owner, count, [], limits=limits)
    eligible = [site for site in sites if may_fill(owner.constraints, site.room.node, site.room.policy)]
    if not eligible:
        limits[Limit.NO_NODE] = "no node that a policy covers admits the set's node selector, affinity and tolerations"
    calm = [site for site in eligible if not site.room.is_cooling]
    if len(calm) < len(eligible):
        limits[Limit.COOL_DOWN] = f"{len(eligible) - len(calm)} nodes were reclaimed by LS work a short while ago"
    usable = [site for site in calm if not pacing.back_off_of(owner.uid, now, site.room.name)]
    if len(usable) < len(calm):
        limits[Limit.PENDING] = f"{len(calm) - len(usable)} nodes did not take the set's fillers a short while ago"
    return Contender(owner, count, usable, limits=limits)


def admit(contender: Contender, pool: IndexPool, pacing: Pacing, now: float) -> None:
    """Bound how many fillers a set may have after this plan: by its ceiling, the names it has left, and its rates."""
    unproven = sum(1 for each in pool.own if not each.is_ready)
    allowed = creations_allowed(pacing, contender.owner, contender.count, now, unproven)
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


def fill(contenders: list[Contender], shares: Shares) -> None:
    """Place new instances until nothing more fits or is allowed."""
    fillable = shares.fillable
    _take_turns(
        contenders, shares, lambda it: [*device_shapes(it, fillable), *plain_shapes(it, fillable)], _below_floor
    )
    _take_turns(contenders, shares, lambda it: device_shapes(it, fillable), _below_most)
    _take_turns(contenders, shares, lambda it: plain_shapes(it, fillable), _below_most)
    for contender in contenders:
        if contender.bound and contender.count == contender.most:
            contender.limits.setdefault(*contender.bound)


def _below_floor(contender: Contender) -> bool:
    return contender.count < min(contender.owner.floor, contender.most)


def _below_most(contender: Contender) -> bool:
    return contender.count < contender.most


def _take_turns(
    contenders: list[Contender],
    shares: Shares,
    shapes_of: Callable[[ParaSetView], list[Shape]],
    is_wanting: Callable[[Contender], bool],
) -> None:
    shapes = {contender.owner.key: shapes_of(contender.owner) for contender in contenders}
    queue = [(shares.turn_of(each.owner), each) for each in contenders if is_wanting(each)]
    heap = [(turn, index, each) for index, (turn, each) in enumerate(queue)]
    heapq.heapify(heap)
    while heap:
        _, index, contender = heapq.heappop(heap)
        if _place(contender, shapes[contender.owner.key], shares) and is_wanting(contender):
            heapq.heappush(heap, (shares.turn_of(contender.owner), index, contender))


def _place(contender: Contender, shapes: list[Shape], shares: Shares) -> bool:
    """Place one instance of the first shape that still fits somewhere; say whether one was placed."""
    for shape in shapes:
        smallest = shape.smallest
        if not shares.within_limits(contender.owner, smallest):
            contender.limits[Limit.TENANT] = (
                f"the policy's limits for namespace {contender.owner.namespace} are reached"
            )
            continue
        site = _next_site(contender, shape, smallest)
        if site is not None:
            instance = Instance(contender.owner, shape, _first_sizes(shape, site, shares, contender.owner))
            site.add(instance)
            shares.add(contender.owner, instance.holds())
            contender.count += 1
            return True
    return False


def _next_site(contender: Contender, shape: Shape, smallest: Resources) -> Site | None:
    cursor = contender.cursors.get(shape.name, 0)
    while cursor < len(contender.sites):
        site = contender.sites[cursor]
        if fits(smallest, site.left_at_smallest if shape.has_devices else site.left):
            break
        cursor += 1
    contender.cursors[shape.name] = cursor
    return contender.sites[cursor] if cursor < len(contender.sites) else None


def _first_sizes(shape: Shape, site: Site, shares: Shares, owner: ParaSetView) -> dict[str, int]:
    sizes = {each.resource: each.minimum for each in shape.elastic}
    if shape.has_devices:
        return sizes
    left = minus(site.left, shape.smallest)
    for each in shape.elastic:
        beside = shape.smallest.get(each.resource, 0)
        allowed = shares.left_within_limits(owner, each.resource, left.get(each.resource, 0) + beside) - beside
        if density(each) > 0:
            sizes[each.resource] += max(0, min(each.maximum - each.minimum, allowed))
    return sizes
