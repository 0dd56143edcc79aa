"""What a simulation starts from: nodes, the pods that are there already, tasks to draw from, sets and policies.

Nodes come from a table or from a dump of a cluster. GPUs are counted in 1/1000 of a device throughout: what a dump or a
manifest calls so many `nvidia.com/gpu` becomes as many whole devices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from paraset_operator.model.devices import place, without
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView, Tenant
from paraset_operator.model.quantity import CPU, MEMORY, PODS
from paraset_operator.model.resources import Resources
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.runtime.offline import load
from paraset_operator.simulation.fleet import GPU, MODEL, Placement
from paraset_operator.simulation.trace_tables import WHOLE_GPU, Task, TraceNode, TracePod

# A dump of one node and a manifest of one set: the loader of `paraset plan` asks for both.
_MANIFESTS = Path(__file__).parent / "manifests"
_ONE_NODE, _ONE_SET = str(_MANIFESTS / "one-node.json"), str(_MANIFESTS / "one-set.yaml")
_WHOLE_DEVICES = ("nvidia.com/gpu", "amd.com/gpu")
_MODEL_LABELS = (MODEL, "nvidia.com/gpu.product", "amd.com/gpu.product-name")
# What Kubernetes admits to a node by default.
_POD_SLOTS = 110


@dataclass(frozen=True, slots=True)
class Resident:
    """A pod that was on its node before the simulation began."""

    pod: Pod
    node: int
    devices: Placement


@dataclass(frozen=True, slots=True)
class Scenario:
    """Nodes by name, and what may happen to them; `sets` and `policies` are a user's own, if any."""

    nodes: tuple[Node, ...]
    pods: tuple[TracePod, ...] = ()
    residents: tuple[Resident, ...] = ()
    sets: tuple[ParaSetView, ...] = ()
    policies: tuple[PolicyView, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def tasks(self) -> list[Task]:
        """What the pods of the trace ask for."""
        return [pod.task for pod in self.pods]

    @property
    def models(self) -> set[str]:
        """The GPU models there are."""
        return {node.labels.get(MODEL, "") for node in self.nodes} - {""}


def nodes_of_table(rows: Iterable[TraceNode]) -> tuple[Node, ...]:
    """Return the nodes of a table, by name."""
    return tuple(sorted((_node(row) for row in rows), key=lambda node: node.name))


def _node(row: TraceNode) -> Node:
    amounts = {CPU: row.cpu, MEMORY: row.memory, PODS: _POD_SLOTS, GPU: row.gpus * WHOLE_GPU}
    has_gpus = row.gpus > 0
    return Node(
        row.name,
        {name: amount for name, amount in amounts.items() if amount},
        MappingProxyType({MODEL: row.model} if has_gpus and row.model else {}),
        devices=MappingProxyType({GPU: (WHOLE_GPU,) * row.gpus} if has_gpus else {}),
    )


def own_sets(files: Sequence[str]) -> tuple[tuple[ParaSetView, ...], tuple[PolicyView, ...]]:
    """Return the sets and policies of manifests; raise OfflineError."""
    if not files:
        return (), ()
    snapshot = load(files, _ONE_NODE).snapshot
    return tuple(map(_set_in_parts, snapshot.sets)), tuple(map(_policy_in_parts, snapshot.policies))


def dumped(path: str) -> Scenario:
    """Return the nodes of a cluster dump with its pods, fillers left out; raise OfflineError."""
    cluster = load([_ONE_SET], path)
    nodes = tuple(_node_in_parts(state.node) for state in cluster.snapshot.nodes)
    residents: list[Resident] = []
    for index, (state, node) in enumerate(zip(cluster.snapshot.nodes, nodes, strict=True)):
        residents += _residents(state.pods, node, index)
    policies = tuple(map(_policy_in_parts, cluster.snapshot.policies))
    return Scenario(nodes, residents=tuple(residents), policies=policies, notes=cluster.notes)


def _residents(pods: Iterable[Pod], node: Node, index: int) -> list[Resident]:
    """Return the pods of a node on its devices, the largest first: a dump does not say who holds which."""
    size = node.devices.get(GPU, ())
    free, found = size, []
    here = [replace(pod, held=in_parts(pod.held), requests=in_parts(pod.requests)) for pod in pods if not pod.is_filler]
    for pod in sorted(here, key=lambda pod: (-pod.held.get(GPU, 0), pod.key)):
        devices = place(pod.held.get(GPU, 0), free, size) or ()
        free = without(free, devices)
        found.append(Resident(pod, index, devices))
    return found


def in_parts(amounts: Resources) -> dict[str, int]:
    """Return amounts with whole GPUs counted in 1/1000 of a device."""
    parts = {name: amount for name, amount in amounts.items() if name not in _WHOLE_DEVICES}
    whole = sum(amounts.get(name, 0) for name in _WHOLE_DEVICES)
    return parts | {GPU: parts.get(GPU, 0) + whole * WHOLE_GPU} if whole else parts


def _node_in_parts(node: Node) -> Node:
    amounts = in_parts(node.allocatable)
    gpus = amounts.get(GPU, 0) // WHOLE_GPU
    model = next((node.labels[name] for name in _MODEL_LABELS if node.labels.get(name)), "")
    labels = dict(node.labels) | ({MODEL: model} if model else {})
    devices = {GPU: (WHOLE_GPU,) * gpus} if gpus else {}
    return replace(node, allocatable=amounts, labels=MappingProxyType(labels), devices=MappingProxyType(devices))


def _set_in_parts(owner: ParaSetView) -> ParaSetView:
    return replace(owner, shapes=tuple(map(_shape_in_parts, owner.shapes)))


def _shape_in_parts(shape: Shape) -> Shape:
    return replace(
        shape, fixed=in_parts(shape.fixed), overhead=in_parts(shape.overhead), initial=in_parts(shape.initial)
    )


def _policy_in_parts(policy: PolicyView) -> PolicyView:
    headroom = tuple(replace(each, resources=in_parts(each.resources)) for each in policy.headroom)
    percent = {GPU if name in _WHOLE_DEVICES else name: part for name, part in policy.reserve_percent.items()}
    tenants = {name: _tenant_in_parts(each) for name, each in policy.tenants.items()}
    return replace(
        policy, headroom=headroom, reserve=in_parts(policy.reserve), reserve_percent=percent, tenants=tenants
    )


def _tenant_in_parts(tenant: Tenant) -> Tenant:
    return replace(tenant, limits=in_parts(tenant.limits))
