"""Is a plan possible at all: a check that knows nothing of how it was made.

Every finding is one sentence that names the object; an empty list means that nothing is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bench.oracle.outcome import Held, instances_after
from bench.oracle.packing import can_pack
from bench.oracle.problem import devices_on, free_room
from paraset_operator.model.plan import Plan
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView
from paraset_operator.model.resources import shortage, total_of
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.feasibility import may_fill, policy_of


def audit(snapshot: Snapshot, outcome: Plan) -> list[str]:
    """Return what is wrong with the cluster that the plan would make."""
    return audit_fillers(snapshot, instances_after(snapshot, outcome))


def audit_fillers(snapshot: Snapshot, fillers: Sequence[Held]) -> list[str]:
    """Return what is wrong with a cluster where these are all the fillers there are."""
    policies = snapshot.policies or (DEFAULT_POLICY,)
    there: dict[str, list[Held]] = {state.node.name: [] for state in snapshot.nodes}
    found = [f"{each.name} is for {each.node}, which is no node" for each in fillers if each.node not in there]
    for each in fillers:
        there.setdefault(each.node, []).append(each)
    for state in snapshot.nodes:
        if there[state.node.name]:
            found += _of_node(snapshot, state, policies, there[state.node.name])
    for owner in snapshot.sets:
        found += _of_set(snapshot, owner, [each for each in fillers if each.owner.uid == owner.uid])
    found += _of_tenants(fillers, policies)
    return found + [finding for each in fillers if each.is_new for finding in _of_filler(each)]


def _of_node(
    snapshot: Snapshot, state: NodeState, policies: Sequence[PolicyView], fillers: Sequence[Held]
) -> Iterable[str]:
    name, policy = state.node.name, policy_of(state.node, policies)
    refused = [
        each.name for each in fillers if each.is_new and not may_fill(each.owner.constraints, state.node, policy)
    ]
    if refused:
        yield f"{name} does not admit {', '.join(refused)}"
    if policy is None:
        return
    uids = {owner.uid for owner in snapshot.sets}
    missing = shortage(total_of(each.requests for each in fillers), free_room(state, policy, uids))
    for resource, amount in sorted(missing.items()):
        yield f"{name} lacks {amount} of {resource}"
    for devices in devices_on(state, uids):
        if not can_pack([each.requests.get(devices.resource, 0) for each in fillers], devices):
            yield f"{name} can't place its fillers on the devices of {devices.resource}"


def _of_set(snapshot: Snapshot, owner: ParaSetView, fillers: Sequence[Held]) -> Iterable[str]:
    if len(fillers) > owner.ceiling:
        yield f"{owner.key} would have {len(fillers)} fillers, its ceiling is {owner.ceiling}"
    new = [each for each in fillers if each.is_new]
    if new and (owner.is_suspended or owner.fault):
        yield f"{owner.key} may have no new fillers"
    pods = (pod for state in snapshot.nodes for pod in state.pods)
    taken = {pod.name for pod in (*pods, *snapshot.waiting) if pod.namespace == owner.namespace}
    counted = Counter(each.name for each in new)
    for name in sorted(name for name, count in counted.items() if count > 1 or name in taken):
        yield f"{owner.namespace}/{name} is taken or made twice"
    for name in sorted(name for name in counted if not _is_name(name, owner)):
        yield f"{owner.namespace}/{name} is no name for a filler of {owner.name} with ceiling {owner.ceiling}"


def _is_name(name: str, owner: ParaSetView) -> bool:
    index = name.removeprefix(f"{owner.name}-")
    return index.isdecimal() and name == f"{owner.name}-{int(index)}" and int(index) < owner.ceiling


def _of_tenants(fillers: Sequence[Held], policies: Sequence[PolicyView]) -> Iterable[str]:
    limits = {tenant.namespace: tenant.limits for policy in reversed(policies) for tenant in policy.tenants.values()}
    for namespace, limit in sorted(limits.items()):
        held = total_of(each.requests for each in fillers if each.owner.namespace == namespace)
        for resource, most in sorted(limit.items()):
            if held.get(resource, 0) > most:
                yield f"{namespace} would hold {held[resource]} of {resource}, its limit is {most}"


def _of_filler(filler: Held) -> Iterable[str]:
    ranges = {each.resource: (each.minimum, each.maximum) for each in filler.shape.elastic}
    for resource, size in sorted(filler.sizes.items()):
        if resource in ranges and not ranges[resource][0] <= size <= ranges[resource][1]:
            yield f"{filler.name} has {size} of {resource}, which shape {filler.shape.name} does not allow"
    elastic = {name: size for name, size in filler.sizes.items() if name in ranges}
    if dict(filler.requests) != filler.shape.at(elastic):
        yield f"{filler.name} holds other amounts than shape {filler.shape.name} at its size"
