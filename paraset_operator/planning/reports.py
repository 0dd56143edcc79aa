"""What a plan leaves empty and why: per node the resource that binds, per set what limits it."""

from collections import Counter
from collections.abc import Collection

from paraset_operator.model.plan import Limit, LimitReport, NodeReport, SetReport
from paraset_operator.model.resources import Resources, fits, minus, shortage, total_of
from paraset_operator.model.shape import Shape
from paraset_operator.planning.feasibility import may_fill
from paraset_operator.planning.filling import Contender
from paraset_operator.planning.room import NodeRoom

# What a node is bound by when it is not a resource.
NO_POLICY, NO_SET, COOL_DOWN, CEILING = "noPolicy", "noEligibleSet", "coolDown", "ceiling"


def node_report(room: NodeRoom, contenders: list[Contender]) -> NodeReport:
    """Return what is free and filled on a node, and what keeps the free part empty."""
    filled = total_of(instance.holds() for instance in room.instances)
    free = minus(room.fill_room(), filled)
    return NodeReport(room.name, free, filled, _bound_by(room, free, contenders))


def _bound_by(room: NodeRoom, free: Resources, contenders: list[Contender]) -> str:
    if room.policy is None:
        return NO_POLICY
    if room.node.trouble:
        return room.node.trouble[0].lower() + room.node.trouble[1:]
    if room.is_cooling:
        return COOL_DOWN
    admitted = [each for each in contenders if may_fill(each.owner.constraints, room.node, room.policy)]
    missing = [_missing(shape, free) for each in admitted for shape in each.owner.shapes]
    if not missing:
        return NO_SET
    if any(not each for each in missing):
        return CEILING if all(_is_full(each) for each in admitted) else COOL_DOWN
    # The shape that lacks least says what would have to come free.
    return min(missing, key=lambda each: (len(each), sorted(each)))[0]


def _missing(shape: Shape, free: Resources) -> list[str]:
    return sorted(shortage(shape.smallest, free), key=lambda name: ("/" not in name, name))


def _is_full(contender: Contender) -> bool:
    return bool(contender.limits) or contender.count >= contender.owner.ceiling


def set_report(contender: Contender, rooms: Collection[NodeRoom]) -> SetReport:
    """Return what a set holds after the plan and what limits it."""
    own = [(room.name, it) for room in rooms for it in room.instances if it.owner is contender.owner]
    shapes = Counter(instance.shape.name for _, instance in own)
    return SetReport(
        owner=contender.owner,
        replicas=len(own),
        shapes=tuple((shape.name, shapes[shape.name]) for shape in contender.owner.shapes),
        resources=total_of(instance.holds() for _, instance in own),
        nodes=len({name for name, _ in own}),
        limited_by=_limited_by(contender, len(own), rooms),
    )


def _limited_by(contender: Contender, replicas: int, rooms: Collection[NodeRoom]) -> tuple[LimitReport, ...]:
    owner = contender.owner
    if replicas >= owner.ceiling and not owner.is_suspended:
        return (LimitReport(Limit.CEILING, f"spec.replicas is {owner.ceiling}"),)
    reports = [LimitReport(reason, message) for reason, message in sorted(contender.limits.items())]
    too_large = _too_large(contender, rooms)
    if too_large:
        names = ", ".join(too_large)
        reports.append(LimitReport(Limit.TOO_LARGE, f"no admitted node could hold shape {names} even if it were empty"))
    if set(contender.limits) <= {Limit.COOL_DOWN} and len(too_large) < len(owner.shapes):
        reports.append(LimitReport(Limit.NO_ROOM, "no node has room for another instance of any shape"))
    return tuple(reports)


def _too_large(contender: Contender, rooms: Collection[NodeRoom]) -> list[str]:
    owner = contender.owner
    nodes = [room.node for room in rooms if may_fill(owner.constraints, room.node, room.policy)]
    if not nodes:
        return []
    return [each.name for each in owner.shapes if not any(fits(each.smallest, node.allocatable) for node in nodes)]
