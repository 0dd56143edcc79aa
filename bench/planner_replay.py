"""The cluster after a plan, as the next snapshot would show it: fillers run, each on devices of its node.

Also where the next incremental plan is called, in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from bench.oracle.packing import homes
from paraset_operator.model.devices import DeviceShare, free_of, place, without
from paraset_operator.model.plan import CreatePod, Plan
from paraset_operator.model.pod import Pod
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.planner import Planner

FILLER_PRIORITY = -100_000_000


def replan(planner: Planner, snapshot: Snapshot) -> Plan:
    """Plan again with a planner that has seen the cluster before: the incremental path."""
    return planner.plan(snapshot)


def carried_out(snapshot: Snapshot, outcome: Plan) -> Snapshot:
    """Return the snapshot with the plan's creates running; there must be no other actions."""
    made: dict[str, list[CreatePod]] = {}
    for action in outcome.actions:
        if not isinstance(action, CreatePod):
            raise TypeError(f"{type(action).__name__} in a plan for a cluster without fillers")
        made.setdefault(action.node, []).append(action)
    nodes = [
        NodeState(state.node, (*state.pods, *_running(state, made[state.node.name])))
        if state.node.name in made
        else state
        for state in snapshot.nodes
    ]
    return replace(snapshot, nodes=tuple(nodes))


def _running(state: NodeState, creates: Sequence[CreatePod]) -> list[Pod]:
    shares: dict[str, list[DeviceShare]] = {create.pod: [] for create in creates}
    for resource in state.node.devices:
        for create, placed in zip(creates, _placed(state, resource, creates), strict=True):
            shares[create.pod] += (DeviceShare(resource, device, amount) for device, amount in placed)
    return sorted((_filler(create, tuple(shares[create.pod])) for create in creates), key=lambda pod: pod.key)


def _placed(state: NodeState, resource: str, creates: Sequence[CreatePod]) -> list[tuple[tuple[int, int], ...]]:
    """Return on which devices each filler goes: whole ones first, then parts so that all of them fit."""
    capacity = state.node.devices[resource]
    size = max(capacity, default=0)
    free = free_of(capacity, resource, [share for pod in state.pods for share in pod.on_devices])
    needs = [create.requests.get(resource, 0) for create in creates]
    placed: list[tuple[tuple[int, int], ...]] = [() for _ in creates]
    for at, need in enumerate(needs):
        if need >= size:
            placed[at] = place(need, free, capacity) or ()
            free = without(free, placed[at])
    parts = [at for at, need in enumerate(needs) if 0 < need < size]
    found = homes([needs[at] for at in parts], free)
    if found is None:
        raise ValueError(f"the fillers of {state.node.name} can't be placed on its {resource}")
    for at, device in zip(parts, found, strict=True):
        placed[at] = ((device, needs[at]),)
    return placed


def _filler(create: CreatePod, shares: tuple[DeviceShare, ...]) -> Pod:
    shape = create.owner.shape(create.shape)
    if shape is None:
        raise ValueError(f"{create.owner.key} has no shape {create.shape}")
    sizes = shape.container_requests(create.sizes)
    return Pod(
        namespace=create.owner.namespace,
        name=create.pod,
        uid=f"uid-{create.owner.uid}-{create.index}",
        priority=FILLER_PRIORITY,
        node=create.node,
        target=create.node,
        held=create.requests,
        requests=create.requests,
        owner=create.owner.uid,
        shape=create.shape,
        index=create.index,
        template_hash=shape.template_hash,
        sizes=sizes,
        allocated=sizes,
        is_ready=True,
        is_running=True,
        created=100.0,
        started=100.0,
        on_devices=shares,
    )


def unseen(snapshot: Snapshot) -> Snapshot:
    """Return the same picture with no sums kept from an earlier plan."""
    return replace(snapshot, nodes=tuple(NodeState(state.node, state.pods) for state in snapshot.nodes))


def disturbed(snapshot: Snapshot, count: int, seed: int) -> Snapshot:
    """Return the picture after one LS pod has ended on each of `count` nodes, one with devices if there is any."""
    chosen = set(np.random.default_rng(seed).choice(len(snapshot.nodes), count, replace=False).tolist())
    nodes = [_without_one(state) if index in chosen else state for index, state in enumerate(snapshot.nodes)]
    return replace(snapshot, nodes=tuple(nodes))


def _without_one(state: NodeState) -> NodeState:
    gone = max(_ls(state.pods), key=lambda pod: (len(pod.on_devices), pod.name), default=None)
    return NodeState(state.node, tuple(pod for pod in state.pods if pod is not gone))


def _ls(pods: Iterable[Pod]) -> Iterable[Pod]:
    return (pod for pod in pods if not pod.is_filler)
