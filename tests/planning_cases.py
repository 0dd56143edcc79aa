"""Small clusters for tests of the planner, in short calls: cores and GiB in, the planner's integers out."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bench.running_fillers import running_filler
from paraset_operator.model.node import Node
from paraset_operator.model.plan import CreatePod, DeletePod, Plan, ResizePod
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView
from paraset_operator.model.resources import Resources, plus
from paraset_operator.model.shape import Elastic, ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.room import NodeRoom, room_of
from paraset_operator.planning.worth import default_growth_value

GPU = "nvidia.com/gpu"
GIB = 2**30

Range = tuple[float, float]


def amounts(cpu: float = 0, memory: float = 0, gpus: int = 0, pods: int = 0) -> dict[str, int]:
    """Return resources; those of which there is nothing are left out."""
    all_amounts = {"cpu": round(cpu * 1000), "memory": round(memory * GIB), GPU: gpus, "pods": pods}
    return {name: amount for name, amount in all_amounts.items() if amount}


def node(
    name: str = "n1",
    cpu: float = 8,
    memory: float = 32,
    gpus: int = 0,
    pods: int = 110,
    labels: dict[str, str] | None = None,
    **fields: Any,
) -> Node:
    return Node(name, amounts(cpu, memory, gpus, pods), MappingProxyType(labels or {}), **fields)


def shape(
    name: str = "cpu",
    cpu: float | Range = 1,
    memory: float | Range = 0,
    gpus: int = 0,
    value: float = 1.0,
    growth: dict[str, float] | None = None,
    **fields: Any,
) -> Shape:
    """Return a shape; a pair of amounts makes the resource elastic, with the API's default growth value."""
    given: dict[str, tuple[float | Range, int]] = {"cpu": (cpu, 1000), "memory": (memory, GIB)}
    elastic, fixed = [], amounts(gpus=gpus)
    for resource, (amount, unit) in given.items():
        if isinstance(amount, tuple):
            low, high = (round(each * unit) for each in amount)
            worth = (growth or {}).get(resource)
            if worth is None:
                worth = default_growth_value(resource, low, high, value, has_devices=gpus > 0)
            elastic.append(Elastic(resource, low, high, worth))
        elif amount:
            fixed[resource] = round(amount * unit)
    return Shape(name, fixed, tuple(elastic), value, template_hash=f"hash-{name}", **fields)


def paraset(name: str = "s", *shapes: Shape, namespace: str = "a", ceiling: int = 100, **fields: Any) -> ParaSetView:
    return ParaSetView(
        namespace, name, f"uid-{namespace}-{name}", ceiling=ceiling, shapes=shapes or (shape(),), **fields
    )


def filler(
    owner: ParaSetView,
    index: int = 0,
    node: str = "n1",
    shape: str = "",
    cpu: float | None = None,
    memory: float | None = None,
    **fields: Any,
) -> Pod:
    """Return a running filler of the set's first shape, or the one named, at its smallest or the sizes given."""
    of = owner.shape(shape) if shape else owner.shapes[0]
    assert of is not None
    wanted = {"cpu": cpu and cpu * 1000, "memory": memory and memory * GIB}
    sizes = {
        each.resource: each.minimum if wanted[each.resource] is None else round(wanted[each.resource] or 0)
        for each in of.elastic
    }
    return running(owner, of, index, node, sizes, **fields)


def running(owner: ParaSetView, of: Shape, index: int, node: str, sizes: Resources, **fields: Any) -> Pod:
    """Return a filler that is bound and runs at these sizes of its elastic resources."""
    pod = running_filler(owner, of, index, node, sizes, started=100.0)
    return replace(pod, **fields)


def ls(name: str = "ls", cpu: float = 0, memory: float = 0, gpus: int = 0, node: str = "", **fields: Any) -> Pod:
    """Return an LS pod: bound if a node is named, else waiting."""
    need = amounts(cpu, memory, gpus, pods=1)
    pod = Pod("ls", name, f"uid-{name}", node=node, held=need, requests=need, is_running=bool(node))
    return replace(pod, **fields)


def policy(name: str = "default", **fields: Any) -> PolicyView:
    return replace(DEFAULT_POLICY, name=name, **fields)


def snapshot(
    nodes: Sequence[Node] | Node,
    pods: Iterable[Pod] = (),
    sets: Sequence[ParaSetView] | ParaSetView = (),
    policies: Sequence[PolicyView] | PolicyView = (),
) -> Snapshot:
    """Return the picture in the order the cluster cache gives it."""
    nodes = (nodes,) if isinstance(nodes, Node) else nodes
    sets = (sets,) if isinstance(sets, ParaSetView) else sets
    policies = (policies,) if isinstance(policies, PolicyView) else policies
    pods = sorted(pods, key=lambda pod: pod.key)
    names = {each.name for each in nodes}
    return Snapshot(
        nodes=tuple(
            NodeState(each, tuple(pod for pod in pods if pod.place == each.name))
            for each in sorted(nodes, key=lambda each: each.name)
        ),
        waiting=tuple(pod for pod in pods if pod.place not in names and (pod.is_filler or not pod.node)),
        sets=tuple(sorted(sets, key=lambda each: each.key)),
        policies=tuple(sorted(policies, key=lambda each: each.name)),
    )


def room(
    of: Node,
    pods: Sequence[Pod] = (),
    sets: Sequence[ParaSetView] | ParaSetView = (),
    policy: PolicyView | None = DEFAULT_POLICY,
) -> NodeRoom:
    """Return the working state of one node."""
    owners = owners_of(sets)
    return room_of(NodeState(of, tuple(sorted(pods, key=lambda pod: pod.key))), policy, owners)


def owners_of(sets: Sequence[ParaSetView] | ParaSetView) -> dict[str, ParaSetView]:
    sets = (sets,) if isinstance(sets, ParaSetView) else sets
    return {each.uid: each for each in sets}


def creates(plan: Plan) -> list[CreatePod]:
    return [action for action in plan.actions if isinstance(action, CreatePod)]


def resizes(plan: Plan) -> list[ResizePod]:
    """Return all resizes of a plan, those of releases first."""
    released = [action for release in plan.releases for action in release.actions]
    return [action for action in (*released, *plan.actions) if isinstance(action, ResizePod)]


def deletes(plan: Plan) -> list[DeletePod]:
    """Return all deletions of a plan, those of releases first."""
    released = [action for release in plan.releases for action in release.actions]
    return [action for action in (*released, *plan.actions) if isinstance(action, DeletePod)]


def cores(sizes: Resources) -> float:
    return sizes.get("cpu", 0) / 1000


def pending(pod: Pod) -> Pod:
    """Return a filler as one that is pinned and not bound yet."""
    return replace(pod, node="", allocated={}, is_ready=False, is_running=False, started=0.0)


def terminating(pod: Pod) -> Pod:
    return replace(pod, is_terminating=True)


def shrinking(pod: Pod, still: Resources) -> Pod:
    """Return a filler whose shrink has been accepted, while it still holds more by so much."""
    more = plus(pod.requests, still)
    return replace(pod, held=more, allocated=plus(pod.sizes, still), resize=Resize.IN_PROGRESS)


def refused(pod: Pod, granted: Resources) -> Pod:
    """Return a filler whose grow was refused: charged at what it asks for, with less of these granted."""
    return replace(pod, allocated=dict(pod.sizes) | dict(granted), resize=Resize.DEFERRED)
