"""Full clusters in which LS pods wait: what the urgent path has to answer, as pictures of the planner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from types import MappingProxyType

from bench.running_fillers import running_filler
from demo.objects import CPU, GPU, MEMORY, PODS
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources
from paraset_operator.model.shape import Elastic, ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState, Snapshot

GIB = 2**30
GPUS, CORES, MEMORY_GIB = 8, 96, 768
NOW = 1_000_000.0

# LS pods by GPUs and cores; `same` are all alike, as the pods of one service are.
KINDS: dict[str, tuple[tuple[int, int], ...]] = {
    "same": ((1, 8),),
    "mixed": ((1, 8), (1, 4), (2, 16), (4, 32), (0, 24), (1, 12)),
    "cpu": ((0, 4),),
}


def full_cluster(nodes: int, seed: int = 0) -> Snapshot:
    """Return nodes of 8 GPUs, each held by one filler of its own that holds an eighth of the cores as well."""
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    elastic = (Elastic(CPU, 4000, CORES * 1000 // GPUS, 5.0), Elastic(MEMORY, 8 * GIB, 64 * GIB, 0.0))
    shape = Shape("gpu", {GPU: 1}, elastic, 10.0, template_hash="hash")
    owner = ParaSetView("tenant", "filler", "uid-filler", ceiling=nodes * GPUS, shapes=(shape,))
    allocatable = {CPU: CORES * 1000, MEMORY: MEMORY_GIB * GIB, GPU: GPUS, PODS: 110}
    states = []
    for number in range(nodes):
        node = Node(f"node-{number:05d}", allocatable, MappingProxyType({}))
        fillers = [_filler(owner, shape, number * GPUS + each, node.name, random) for each in range(GPUS)]
        states.append(NodeState(node, tuple(sorted(fillers, key=lambda pod: pod.key))))
    return Snapshot(tuple(states), (), (owner,))


def with_waiting(snapshot: Snapshot, count: int, kind: str, seed: int = 0) -> Snapshot:
    """Return the picture with LS pods that have just been seen."""
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    pods = [_ls(f"ls-{number:05d}", KINDS[kind], random) for number in range(count)]
    return replace(snapshot, waiting=tuple(pods))


def _filler(owner: ParaSetView, shape: Shape, index: int, node: str, random: Random) -> Pod:
    sizes = {each.resource: each.maximum for each in shape.elastic}
    return running_filler(owner, shape, index, node, sizes, float(int(NOW - random.uniform(1, 7200))))


def _ls(name: str, kinds: Sequence[tuple[int, int]], random: Random) -> Pod:
    gpus, cores = random.choice(kinds)
    need: Resources = {CPU: cores * 1000, MEMORY: 16 * GIB, PODS: 1} | ({GPU: gpus} if gpus else {})
    return Pod("serving", name, f"uid-{name}", held=need, requests=need, created=NOW)
