"""Clusters to plan for, the same for a seed: nodes with LS work on them, and sets of fillers that want the rest.

Nodes have 8 GPUs of 1000 milli, 96 cores and 768 GiB; how loaded a node is, and how its GPUs, cores and memory go
together, is drawn. LS pods hold parts of devices in steps of 50 milli, which leaves the fragments that fillers are for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from bench.planner_openb import openb
from bench.planner_shapes import COUNTED, DEVICE, GIB, MILLI, SHARES, five_sets, set_of, shape_of, shapes_of
from paraset_operator.model.devices import DeviceShare
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView, Tenant
from paraset_operator.model.quantity import CPU, MEMORY, PODS
from paraset_operator.model.resources import Resources
from paraset_operator.model.snapshot import NodeState, Snapshot

GPUS, CORES, MEMORY_GIB, SLOTS = 8, 96, 768, 110
STEP = 50
SKEWED = (1, 2, 5, 2, 1)


@dataclass(frozen=True, slots=True)
class Load:
    """How full nodes are in the mean of GPU, cores and memory, and how far cores and memory follow the GPUs."""

    gpu: float = 0.58
    cpu: float = 0.55
    memory: float = 0.5
    together: float = 0.7


USUAL = Load()


def nodes_of(count: int, seed: int, load: Load = USUAL, resource: str = MILLI) -> tuple[NodeState, ...]:
    """Return nodes with bound LS pods; a resource other than milli-GPUs is counted per node."""
    random = np.random.default_rng(seed)
    fullness = random.beta(1.6, 1.2, count)
    states = []
    for number in range(count):
        node = _node(f"node-{number:05d}", resource)
        used = _used_devices(random, fullness[number], load.gpu)
        follow = load.together * fullness[number] * 1.1 + (1 - load.together) * random.random()
        held = {
            CPU: int(min(0.98, follow * load.cpu / 0.55) * CORES * 1000) // 250 * 250,
            MEMORY: int(min(0.98, follow * load.memory / 0.55) * MEMORY_GIB) * GIB,
            PODS: int(random.integers(8, 80)),
        }
        states.append(NodeState(node, tuple(_ls_pods(node, used, held, resource))))
    return tuple(states)


def _node(name: str, resource: str) -> Node:
    is_tracked = resource == MILLI
    gpus = {resource: GPUS * DEVICE if is_tracked else GPUS}
    allocatable = {CPU: CORES * 1000, MEMORY: MEMORY_GIB * GIB, PODS: SLOTS} | gpus
    devices = {resource: (DEVICE,) * GPUS} if is_tracked else {}
    return Node(name, MappingProxyType(allocatable), devices=MappingProxyType(devices))


def _used_devices(random: np.random.Generator, fullness: float, mean: float) -> list[int]:
    """Return what is used of each device: most are whole or empty, some hold a share."""
    likely = min(0.97, fullness * mean / 0.571)
    used = []
    for _ in range(GPUS):
        if random.random() < 0.3:
            used.append(int(random.integers(1, DEVICE // STEP)) * STEP)
        else:
            used.append(DEVICE if random.random() < likely else 0)
    return used


def _ls_pods(node: Node, used: Sequence[int], held: Resources, resource: str) -> list[Pod]:
    """Return one pod for each device that is used, and one for all that holds cores, memory and pod slots."""
    pods = [_ls_pod(node, "host", dict(held))]
    for device, amount in enumerate(used):
        if amount and resource == MILLI:
            pods.append(_ls_pod(node, f"gpu-{device}", {resource: amount}, DeviceShare(resource, device, amount)))
        elif amount:
            pods.append(_ls_pod(node, f"gpu-{device}", {resource: 1}))
    return pods


def _ls_pod(node: Node, name: str, held: Resources, *on_devices: DeviceShare) -> Pod:
    name = f"{node.name}-{name}"
    return Pod(
        "ls", name, f"uid-{name}", node=node.name, held=held, requests=held, is_running=True, on_devices=on_devices
    )


def _one_set(count: int, seed: int) -> Snapshot:
    shapes = [shape for index in range(5) for shape in shapes_of(index, prefix=f"w{index}-")]
    return Snapshot(nodes_of(count, seed), sets=(set_of("all", shapes),))


def _ceilings(count: int, seed: int) -> Snapshot:
    most = (count // 4, count // 2, count, count // 2, count * 2)
    sets = tuple(
        set_of(f"s{i}", shapes_of(i), ceiling=max(1, ceiling), weight=SKEWED[i]) for i, ceiling in enumerate(most)
    )
    return Snapshot(nodes_of(count, seed), sets=sets)


def _tenants(count: int, seed: int) -> Snapshot:
    tenants = (Tenant("alpha", 2), Tenant("beta", 1), Tenant("gamma", 1, {MILLI: count * 500, CPU: count * 10_000}))
    policy = PolicyView(
        name=DEFAULT_POLICY.name,
        reserve={CPU: 1000, MEMORY: 4 * GIB},
        tenants=MappingProxyType({tenant.namespace: tenant for tenant in tenants}),
    )
    homes = ("alpha", "alpha", "beta", "gamma", "gamma")
    sets = [set_of(f"s{i}", shapes_of(i), namespace=home) for i, home in enumerate(homes)]
    return Snapshot(nodes_of(count, seed), sets=tuple(sorted(sets, key=lambda it: it.key)), policies=(policy,))


def _fractional(count: int, seed: int) -> Snapshot:
    shapes = [
        shape_of(f"m{share}", share, (0.5 + share / 500, 1 + share / 250), 1 + share / 100, share / DEVICE)
        for share in SHARES
    ]
    return Snapshot(nodes_of(count, seed), sets=(set_of("shares", shapes),))


REGIMES: dict[str, Callable[[int, int], Snapshot]] = {
    "one-set": _one_set,
    "equal-weights": lambda count, seed: Snapshot(nodes_of(count, seed), sets=five_sets()),
    "skewed-weights": lambda count, seed: Snapshot(nodes_of(count, seed), sets=five_sets(SKEWED)),
    "ceilings": _ceilings,
    "tenants": _tenants,
    "cpu-starved": lambda count, seed: Snapshot(nodes_of(count, seed, Load(cpu=0.88)), sets=five_sets(SKEWED)),
    "memory-starved": lambda count, seed: Snapshot(nodes_of(count, seed, Load(memory=0.9)), sets=five_sets(SKEWED)),
    "fractional": _fractional,
    "counted": lambda count, seed: Snapshot(nodes_of(count, seed, resource=COUNTED), sets=five_sets(SKEWED, COUNTED)),
    "openb": openb,
}


def instance(regime: str, count: int, seed: int = 1) -> Snapshot:
    """Return the cluster of a regime."""
    return REGIMES[regime](count, seed)
