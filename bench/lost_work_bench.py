"""How much work ParaSet's victims lose, against kube-scheduler's own choice for the same LS pods: `make bench-victims`.

Random clusters of nodes with 8 GPUs, full of fillers of several sizes that started at random times. A third of the sets
declare a checkpoint interval, a third let their workers say when they saved last, a third say nothing. The same LS pods
come one by one to two copies of the cluster: one where kube-scheduler preempts, one where ParaSet makes room. Work lost
is that since the last real checkpoint, in GPU hours and core hours.
"""

import argparse
import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from bench.native_preemption import choice
from bench.running_fillers import running_filler
from paraset_operator.model.node import Node
from paraset_operator.model.plan import DeletePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, fits, minus
from paraset_operator.model.shape import Elastic, ParaSetView, Shape
from paraset_operator.model.snapshot import Moment, NodeState, Snapshot
from paraset_operator.planning.lost_work import seconds_lost
from paraset_operator.planning.planner import Planner

GPU = "nvidia.com/gpu"
GIB = 2**30
NOW = 1_000_000.0
_SIZES = (1, 1, 1, 2, 4)
_DEMANDS = ((1, 4), (1, 8), (2, 8), (4, 16), (8, 32), (0, 8), (0, 24))


@dataclass
class World:
    """One copy of a cluster, changed in place as LS pods come."""

    nodes: tuple[Node, ...]
    sets: tuple[ParaSetView, ...]
    pods: dict[str, Pod]
    gpu_seconds: float = 0.0
    core_seconds: float = 0.0
    gpus_released: int = 0
    evictions: int = 0
    shrinks: int = 0
    planner: Planner = field(default_factory=Planner)

    def states(self) -> tuple[NodeState, ...]:
        """Return the nodes with their pods."""
        at: dict[str, list[Pod]] = {node.name: [] for node in self.nodes}
        for pod in sorted(self.pods.values(), key=lambda pod: pod.key):
            at[pod.node].append(pod)
        return tuple(NodeState(node, tuple(at[node.name])) for node in self.nodes)

    def evict(self, pod: Pod) -> None:
        """Let a filler go, and count what that loses."""
        seconds = seconds_lost(pod, {owner.uid: owner for owner in self.sets}, NOW)
        self.gpu_seconds += seconds * pod.requests.get(GPU, 0)
        self.core_seconds += seconds * pod.requests["cpu"] / 1000
        self.gpus_released += pod.requests.get(GPU, 0)
        self.evictions += 1
        del self.pods[pod.key]

    def bind(self, pod: Pod, node: str) -> None:
        """Run an LS pod on a node that has room for it."""
        (state,) = (each for each in self.states() if each.node.name == node)
        assert fits(pod.requests, minus(state.node.allocatable, state.held)), f"{pod.key} does not fit on {node}"
        self.pods[pod.key] = replace(pod, node=node, is_running=True)

    def lands(self, pod: Pod) -> str | None:
        """Return the node with room for a pod that has most cores free, or None."""
        free = {state.node.name: minus(state.node.allocatable, state.held) for state in self.states()}
        able = [name for name, left in free.items() if fits(pod.requests, left)]
        return min(able, key=lambda name: (-free[name]["cpu"], name), default=None)


def serve_natively(world: World, pod: Pod) -> None:
    """Let kube-scheduler make room for a pod, where any node can hold it."""
    found = choice(pod.requests, world.states(), pod.priority)
    if found is not None:
        node, victims = found
        for victim in victims:
            world.evict(victim)
        world.bind(pod, node)


def serve(world: World, pod: Pod) -> None:
    """Let ParaSet make room for a pod, where any node can hold it."""
    picture = Snapshot(nodes=world.states(), waiting=(pod,), sets=world.sets)
    releases = [each for each in world.planner.plan_yield(picture, Moment(wall=NOW)) if each.beneficiary.uid == pod.uid]
    if not releases:
        return
    for action in releases[0].actions:
        if isinstance(action, DeletePod):
            world.evict(action.pod)
        else:
            world.shrinks += 1
            sizes = dict(action.pod.sizes) | dict(action.sizes)
            shrunk = replace(action.pod, sizes=sizes, requests=action.requests, held=action.requests)
            world.pods[shrunk.key] = shrunk
    world.bind(pod, releases[0].node)


def cluster(random: Random, nodes: int) -> World:
    """Return a cluster full of fillers."""
    sets = tuple(_set(index, index % 3) for index in range(6))
    hosts = tuple(
        Node(f"n{index:03}", {"cpu": 96_000, "memory": 768 * GIB, "pods": 110, GPU: 8}) for index in range(nodes)
    )
    pods: dict[str, Pod] = {}
    counts = dict.fromkeys((owner.uid for owner in sets), 0)
    for host in hosts:
        free: Resources = host.allocatable
        while True:
            owner, size = random.choice(sets), random.choice(_SIZES)
            shape = owner.shape(f"g{size}" if free[GPU] > 0 else "cpu")
            sizes = {"cpu": 1000 * random.choice((2, 4, 8))}
            if shape is None or not fits(shape.at(sizes), free):
                if free[GPU] > 0 and size > 1:
                    continue
                break
            pod = _filler(random, owner, shape, counts[owner.uid], host.name, sizes)
            counts[owner.uid] += 1
            pods[pod.key], free = pod, minus(free, pod.requests)
    return World(hosts, sets, pods)


def _set(index: int, habit: int) -> ParaSetView:
    shapes = tuple(
        Shape(name, fixed, (Elastic("cpu", 1000, 8000, 1.0),), float(value))
        for name, fixed, value in (
            *((f"g{size}", {GPU: size, "memory": 8 * GIB}, 10 * size) for size in (1, 2, 4)),
            ("cpu", {"memory": 8 * GIB}, 1),
        )
    )
    return ParaSetView(
        "bench", f"s{index}", f"uid-{index}", ceiling=10_000, shapes=shapes, checkpoint_seconds=600 if habit == 0 else 0
    )


def _filler(random: Random, owner: ParaSetView, shape: Shape, index: int, node: str, sizes: Resources) -> Pod:
    started = NOW - random.randrange(60, 6 * 3600)
    says = int(owner.name[1:]) % 3 == 1
    saved = NOW - random.randrange(1200) if says else 0.0
    return running_filler(owner, shape, index, node, sizes, started, saved)


def run(seed: int, nodes: int, arrivals: int) -> tuple[World, World]:
    """Return both copies after the same LS pods: with native preemption, with ParaSet."""
    random = Random(seed)  # noqa: S311 - no secret
    native = cluster(random, nodes)
    ours = World(native.nodes, native.sets, dict(native.pods))
    for index in range(arrivals):
        gpus, cores = random.choice(_DEMANDS)
        need = {"cpu": 1000 * cores, "memory": 4 * GIB, "pods": 1} | ({GPU: gpus} if gpus else {})
        pod = Pod("ls", f"ls-{index}", f"ls-{index}", held=need, requests=need, created=NOW)
        for world, way in ((native, serve_natively), (ours, serve)):
            node = world.lands(pod)
            if node is None:
                way(world, pod)
            else:
                world.bind(pod, node)
    return native, ours


def report(worlds: list[tuple[World, World]]) -> dict[str, dict[str, float]]:
    """Return the sums over all clusters, by who made room."""
    return {
        who: {
            "gpu_hours": sum(pair[place].gpu_seconds for pair in worlds) / 3600,
            "core_hours": sum(pair[place].core_seconds for pair in worlds) / 3600,
            "gpus_released": sum(pair[place].gpus_released for pair in worlds),
            "evictions": sum(pair[place].evictions for pair in worlds),
            "shrinks": sum(pair[place].shrinks for pair in worlds),
        }
        for place, who in enumerate(("native", "paraset"))
    }


def main(arguments: list[str]) -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--nodes", type=int, default=40)
    parser.add_argument("--arrivals", type=int, default=60)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    given = parser.parse_args(arguments)
    found = report([run(seed, given.nodes, given.arrivals) for seed in range(given.seeds)])
    table = Table("", *found, "change")
    for name, before in found["native"].items():
        after = found["paraset"][name]
        table.add_row(name, f"{before:,.1f}", f"{after:,.1f}", f"{after / before - 1:+.0%}" if before else "")
    Console().print(table)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
