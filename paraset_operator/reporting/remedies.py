"""What would let a set hold more: a remedy for each limit, and the ways to cover what a shape lacks on a node."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from paraset_operator.model.plan import Limit
from paraset_operator.model.pod import Pod
from paraset_operator.model.quantity import CPU, MEMORY, PODS, format_quantity
from paraset_operator.model.resources import Resources, devices_of, is_device
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.reporting.planned import PlannedFiller

_GIB = 2**30
_MOST_NAMED = 3


class Way(StrEnum):
    """Who could cover what a shape lacks on a node."""

    SHAPE = "smallerShape"
    POLICY = "lessKept"
    POD = "otherPodLeaves"
    FILLERS = "otherFillersLeave"
    NODE = "largerNode"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way, in a clause that completes "it fits with ..."."""

    way: Way
    text: str


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a node after the plan, the set asked about left out, but for the fillers of one of its shapes (`own`).

    `kept` is what the policy keeps for LS work: reserve, headroom, promises. `pods` could go elsewhere.
    """

    policy: str
    allocatable: Resources
    kept: Resources
    pods: Sequence[Pod]
    fillers: Sequence[PlannedFiller] = ()
    own: Mapping[str, int] = field(default_factory=dict)


def remedies_for(shape: Shape, resource: str, room: Resources, holders: Holders) -> list[Remedy]:
    """Return the ways to cover what a shape lacks of one resource in a room, each sufficient by itself."""
    lacks = shape.smallest[resource] - room.get(resource, 0)
    found = (
        _smaller(shape, resource, room, holders.own.get(shape.name, 0)),
        _less_kept(resource, lacks, holders),
        _fewer_pods(resource, lacks, holders),
        _fewer_fillers(resource, lacks, holders),
    )
    ways = [each for each in found if each is not None]
    has = amount_of(resource, holders.allocatable.get(resource, 0))
    return ways or [Remedy(Way.NODE, f"more {name_of(resource)} on the node, which has {has} in all")]


def _smaller(shape: Shape, resource: str, room: Resources, own: int) -> Remedy | None:
    """Return how small the shape would have to be: as many as the idle devices allow, beside its fillers there."""
    elastic = next((each for each in shape.elastic if each.resource == resource), None)
    now = elastic.minimum if elastic else shape.fixed.get(resource, 0)
    need, more = shape.smallest[resource], 1
    if not is_device(resource):
        more = max(1, _copies(devices_of(shape.fixed), room))
    together = 0 if is_device(resource) else own
    most = (max(0, room.get(resource, 0)) + together * need) // (together + more) - (need - now)
    if most <= 0 or now <= 0:
        return None
    what, which = "min" if elastic else "fixed amount", f", for {more} more" if more > 1 else ""
    return Remedy(Way.SHAPE, f"a {what} of at most {amount_of(resource, most)}{which}")


def _copies(need: Resources, room: Resources) -> int:
    return min((max(0, room.get(name, 0)) // amount for name, amount in need.items()), default=0)


def _less_kept(resource: str, lacks: int, holders: Holders) -> Remedy | None:
    kept = holders.kept.get(resource, 0)
    if kept < lacks:
        return None
    words = f"less of the {amount_of(resource, kept)} that FillPolicy {holders.policy} keeps for LS work"
    return Remedy(Way.POLICY, words)


def _fewer_pods(resource: str, lacks: int, holders: Holders) -> Remedy | None:
    """Return the pod that holds just enough, or the largest ones that do together."""
    holding = sorted((pod.held.get(resource, 0), pod.key) for pod in holders.pods if pod.held.get(resource, 0) > 0)
    enough = [each for each in holding if each[0] >= lacks][:1] or _largest_until(holding, lacks)
    if not enough:
        return None
    names = [f"{key} ({amount_of(resource, amount)})" for amount, key in enough[:_MOST_NAMED]]
    more = f" and {len(enough) - _MOST_NAMED} more" if len(enough) > _MOST_NAMED else ""
    return Remedy(Way.POD, f"room from pod{'s' if len(enough) > 1 else ''} {', '.join(names)}{more}")


def _largest_until(holding: Sequence[tuple[int, str]], lacks: int) -> list[tuple[int, str]]:
    chosen: list[tuple[int, str]] = []
    for each in reversed(holding):
        chosen.append(each)
        if sum(amount for amount, _ in chosen) >= lacks:
            return chosen
    return []


def _fewer_fillers(resource: str, lacks: int, holders: Holders) -> Remedy | None:
    held: dict[str, int] = {}
    for each in holders.fillers:
        held[each.owner.key] = held.get(each.owner.key, 0) + each.requests.get(resource, 0)
    amount, owner = max(((amount, owner) for owner, amount in held.items()), default=(0, ""))
    if amount < lacks:
        return None
    return Remedy(Way.FILLERS, f"room from the fillers of {owner} ({amount_of(resource, amount)})")


def amount_of(resource: str, amount: int, *, up: bool = False) -> str:
    """Return an amount with its unit as people say it: 0.5 cores, 4Gi memory, 2 nvidia.com/gpu, 1 pod slot.

    Memory is rounded, down or `up`.
    """
    if resource == CPU:
        cores = f"{amount / 1000:.3f}".rstrip("0").rstrip(".")
        return f"{cores} core{'' if amount == 1000 else 's'}"
    if resource == MEMORY:
        return f"{_memory(amount, up=up)} memory"
    if resource == PODS:
        return f"{amount} pod slot{'' if amount == 1 else 's'}"
    return f"{format_quantity(resource, amount)} {resource}"


def _memory(amount: int, *, up: bool) -> str:
    unit, tenth = (_GIB, _GIB // 10) if amount >= _GIB else (2**20, 2**20)
    rounded = (-(-amount // tenth) if up else amount // tenth) * tenth
    return f"{rounded / unit:.1f}".removesuffix(".0") + ("Gi" if unit == _GIB else "Mi")


def name_of(resource: str) -> str:
    """Return a resource as people call it."""
    return {CPU: "cores", PODS: "pod slots"}.get(resource, resource)


def amounts_of(amounts: Resources) -> str:
    """Return several amounts, devices first; anything but devices, cores and memory only where it is all there is."""
    names = sorted(
        (name for name, amount in amounts.items() if amount > 0), key=lambda name: (not is_device(name), name)
    )
    shown = [name for name in names if is_device(name) or name in (CPU, MEMORY)] or names
    return ", ".join(amount_of(name, amounts[name]) for name in shown) or "nothing"


@dataclass(frozen=True, slots=True)
class Context:
    """What the remedies of limits name: the set, how many more would fit, and the largest node that admits it."""

    owner: ParaSetView
    planned: int
    would_fit: int
    largest: str = ""


def remedy_for(limit: Limit, context: Context) -> str:
    """Return what to do about a limit of a set, in one sentence."""
    return _LIMITS[limit](context)


def _raise_ceiling(context: Context) -> str:
    ceiling = max(context.owner.ceiling + 1, context.planned + context.would_fit)
    command = f"kubectl scale pset {context.owner.name} -n {context.owner.namespace} --replicas={ceiling}"
    if not context.would_fit:
        return f"nothing to gain now, as no further filler would fit; else `{command}`"
    return f"`{command}`, as about {context.would_fit} more would fit"


def _resume(context: Context) -> str:
    patch = '{"spec":{"suspend":false}}'
    return f"`kubectl patch pset {context.owner.name} -n {context.owner.namespace} --type=merge -p '{patch}'`"


def _shrink_shape(context: Context) -> str:
    words = "lower min or fixed of these shapes, or admit larger nodes"
    return f"{words}; the largest that admits the set is {context.largest}" if context.largest else words


def _always(text: str) -> Callable[[Context], str]:
    return lambda _context: text


_LIMITS: Mapping[Limit, Callable[[Context], str]] = {
    Limit.CEILING: _raise_ceiling,
    Limit.SUSPENDED: _resume,
    Limit.NO_ROOM: _always("a shape with a smaller min or fixed, or more room on a node: the nodes below say which"),
    Limit.NO_NODE: _always(
        "match spec.template with labels and taints of a node, and the policy with both: see the nodes below"
    ),
    Limit.TOO_LARGE: _shrink_shape,
    Limit.COOL_DOWN: _always(
        "wait; pacing.coolDownSeconds of the FillPolicy says how long, doubling up to coolDownMaxSeconds"
    ),
    Limit.CRASHING: _always(
        "see the Events of the set and the logs of its fillers; any change of the set's spec ends the wait"
    ),
    Limit.PULLING: _always("check the image's name and the pull secret; any change of the set's spec ends the wait"),
    Limit.PENDING: _always("`kubectl get events --field-selector reason=FailedScheduling` in the namespace says why"),
    Limit.QUOTA: _always(
        "raise the ResourceQuota of the namespace, or lower spec.replicas so that nothing is tried in vain"
    ),
    Limit.TEMPLATE: _always("correct spec.template: the message is the API server's own"),
    Limit.TENANT: _always("ask for more in spec.tenants of the FillPolicy, or give the namespace's other sets less"),
    Limit.RATE: _always("wait, or relax spec.behavior"),
    Limit.STORM: _always(
        "wait for the nodes; `kubectl get nodes` shows them. pacing.stormPercent of the FillPolicy counts"
    ),
}
