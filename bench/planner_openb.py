"""The public `openb` trace as a cluster to plan for: LS pods placed by best fit until they ask for all GPUs there are.

That is the FGD paper's setting. What is left idle is fragments: GPUs without cores beside them, parts of GPUs. One set
of thirty shares of a GPU fills them, each with a core and 4 GiB at least, and a shape of cores alone beside it.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType

from bench.planner_shapes import DEVICE, SHARES, set_of, shape_of
from paraset_operator.model.devices import DeviceShare
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.quantity import CPU, MEMORY, PODS
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.simulation.fgd import target_workload
from paraset_operator.simulation.fleet import GPU, fleet_of
from paraset_operator.simulation.inflation import Bound, Inflation
from paraset_operator.simulation.schedulers import BestFit
from paraset_operator.simulation.trace_tables import OPENB_GPU_NODES, OPENB_PODS, TraceNode, read_nodes, read_pods

ARRIVED_PERCENT = 100.0
SLOTS = 110


def openb(count: int, seed: int) -> Snapshot:
    """Return `count` nodes of the trace, evenly chosen, or all of them where it has no more."""
    nodes, bound = _inflated(count, seed)
    pods: dict[int, list[Pod]] = {}
    for number, each in enumerate(bound):
        pods.setdefault(each.node, []).append(_ls_pod(number, each, nodes[each.node].name))
    states = tuple(NodeState(node, tuple(pods.get(index, ()))) for index, node in enumerate(nodes))
    shares = [shape_of(f"m{share}", share, (1, 2), 4, share / DEVICE, resource=GPU) for share in SHARES]
    cores = shape_of("cores", 0, (1, 32), 2, 0.02, resource=GPU)
    return Snapshot(states, sets=(set_of("all", (*shares, cores)),))


@lru_cache(maxsize=2)
def _inflated(count: int, seed: int) -> tuple[tuple[Node, ...], tuple[Bound, ...]]:
    rows = sorted(read_nodes(OPENB_GPU_NODES), key=lambda row: row.name)
    chosen = [rows[index * len(rows) // min(count, len(rows))] for index in range(min(count, len(rows)))]
    nodes = tuple(_node(row) for row in chosen)
    tasks = [pod.task for pod in read_pods(OPENB_PODS, {row.model for row in rows})]
    fleet = fleet_of(nodes)
    inflation = Inflation(fleet, BestFit(fleet, target_workload(tasks), seed), tasks, seed)
    inflation.grow(ARRIVED_PERCENT)
    return nodes, tuple(inflation.bound)


def _node(row: TraceNode) -> Node:
    amounts = {CPU: row.cpu, MEMORY: row.memory, PODS: SLOTS, GPU: row.gpus * DEVICE}
    devices = {GPU: (DEVICE,) * row.gpus} if row.gpus else {}
    return Node(row.name, MappingProxyType(amounts), devices=MappingProxyType(devices))


def _ls_pod(number: int, bound: Bound, node: str) -> Pod:
    task, devices = bound.task, bound.amount.devices
    held = {CPU: task.cpu, MEMORY: task.memory, PODS: 1, GPU: task.gpu_milli}
    held = {name: amount for name, amount in held.items() if amount}
    shares = tuple(DeviceShare(GPU, device, amount) for device, amount in devices)
    name = f"ls-{number:05d}"
    return Pod("ls", name, f"uid-{name}", node=node, held=held, requests=held, is_running=True, on_devices=shares)
