"""The machines and the LS pods of the story, drawn from the public `openb` trace; the same seed gives the same story.

LS pods carry no priority class: like most pods of most clusters they are LS by their priority, 0. Only whole-GPU and
CPU pods are drawn, because a scheduler without a sharing plugin cannot place parts of a GPU.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from demo.fitting import admits, asked, covers, minus, room_beside_ls
from demo.kube import Api
from demo.objects import CPU, GPU, MEMORY, Amounts, Pod
from demo.state import ClusterState
from devcluster import NodeSpec, OpenbPod, read_openb_nodes, read_openb_pods, sample

NAMESPACE = "serving"
EXIT_ANNOTATION = "pod-delete.stage.kwok.x-k8s.io/delay"
LS_GRACE_SECONDS = 10
CPU_ONLY_SHARE = 1 / 6
# Packings in random order that a burst has to survive, beside the tightest and the widest.
_PACKINGS = 100
# GPUs and millicores: larger pods fit few nodes, which any other may take first.
_LARGEST_IN_BURST = (1, 8000)


@dataclass(frozen=True, slots=True)
class LsPod:
    """An LS pod to be made: whole GPUs, millicores, MiB, and how long it takes to exit."""

    name: str
    gpus: int
    cpu_milli: int
    memory_mib: int
    exit_seconds: float

    @property
    def path(self) -> str:
        return f"/api/v1/namespaces/{NAMESPACE}/pods/{self.name}"

    def manifest(self) -> dict[str, Any]:
        devices = {GPU: str(self.gpus)} if self.gpus else {}
        requests = {CPU: f"{self.cpu_milli}m", MEMORY: f"{self.memory_mib}Mi", **devices}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": self.name,
                "namespace": NAMESPACE,
                "annotations": {EXIT_ANNOTATION: f"{self.exit_seconds:.1f}s"},
            },
            "spec": {
                "terminationGracePeriodSeconds": LS_GRACE_SECONDS,
                "containers": [
                    {"name": "server", "image": "ls-server:1", "resources": {"requests": requests, "limits": devices}}
                ],
            },
        }

    def record(self) -> Pod:
        """The pod as the observer will see it before it is bound."""
        devices = {GPU: self.gpus} if self.gpus else {}
        requests = {CPU: self.cpu_milli, MEMORY: self.memory_mib << 20, **devices}
        return Pod(namespace=NAMESPACE, name=self.name, requests=requests, spec_requests=requests)


def draw_nodes(count: int, seed: int) -> list[NodeSpec]:
    """A sample of the node list with one CPU-only machine in six."""
    nodes = read_openb_nodes()
    cpu_only = round(count * CPU_ONLY_SHARE)
    with_gpu = sample([node for node in nodes if node.gpus], count - cpu_only, seed)
    return with_gpu + sample([node for node in nodes if not node.gpus], cpu_only, seed)


def _drawn(prefix: str, seed: int) -> Iterator[LsPod]:
    """LS pods of the trace in random order, with replacement, for ever."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    rows: list[OpenbPod] = [row for row in read_openb_pods() if row.qos == "LS" and not row.shares_gpu]
    number = 0
    while True:
        row = chance.choice(rows)
        yield LsPod(
            f"{prefix}-{number:03d}", row.num_gpu, row.cpu_milli, row.memory_mib, round(chance.uniform(0.5, 3.0), 1)
        )
        number += 1


def draw_base_load(nodes: Iterable[NodeSpec], share: float, seed: int) -> list[LsPod]:
    """LS pods until `share` of all GPUs is asked for."""
    wanted = share * sum(node.gpus for node in nodes)
    chosen: list[LsPod] = []
    for pod in _drawn("ls", seed):
        if sum(each.gpus for each in chosen) >= wanted:
            break
        chosen.append(pod)
    return chosen


def draw_burst(state: ClusterState, gpu_pods: int, cpu_pods: int, seed: int) -> list[LsPod]:
    """LS pods that fit the cluster as it is without fillers, whichever sensible way the scheduler packs them."""
    chosen: list[LsPod] = []
    left = {True: gpu_pods, False: cpu_pods}
    for pod, _ in zip(_drawn("burst", seed), range(400), strict=False):
        if _is_small(pod) and left[pod.gpus > 0] and _all_fit(state, [*chosen, pod]):
            chosen.append(pod)
            left[pod.gpus > 0] -= 1
        if not any(left.values()):
            break
    return chosen


def _is_small(pod: LsPod) -> bool:
    gpus, cpu_milli = _LARGEST_IN_BURST
    return pod.gpus <= gpus and pod.cpu_milli <= cpu_milli


def _all_fit(state: ClusterState, pods: Sequence[LsPod]) -> bool:
    """Say whether all fit however they are packed: on the tightest or the widest nodes, or anywhere in any order.

    Pods that wait for victims are bound in another order than they came, and on the nodes of the cheapest victims.
    """
    records = [pod.record() for pod in pods]
    chance = random.Random(len(records))  # noqa: S311 - repeatable on purpose
    shuffles = (chance.sample(records, len(records)) for _ in range(_PACKINGS))
    return (
        _packs(state, records, lambda room: room.get(CPU, 0))
        and _packs(state, records, lambda room: -room.get(CPU, 0))
        and all(_packs(state, shuffled, lambda _: chance.random()) for shuffled in shuffles)
    )


def _packs(state: ClusterState, pods: Sequence[Pod], rank: Callable[[Amounts], float]) -> bool:
    """Say whether all pods, one after the other, find a node with room for them; each takes that of the least rank."""
    rooms = {name: room_beside_ls(state, node) for name, node in state.nodes.items()}
    for pod in pods:
        fitting = [node for node in state.nodes.values() if admits(node, pod) and covers(rooms[node.name], asked(pod))]
        if not fitting:
            return False
        chosen = min(fitting, key=lambda node: rank(rooms[node.name])).name
        rooms[chosen] = minus(rooms[chosen], asked(pod))
    return True


async def create_pods(api: Api, pods: Sequence[LsPod], per_second: float) -> None:
    """Create the pods at an even rate, whatever the answers take."""
    clock = asyncio.get_running_loop()
    start = clock.time()
    async with asyncio.TaskGroup() as tasks:
        for index, pod in enumerate(pods):
            await asyncio.sleep(max(0.0, start + index / per_second - clock.time()))
            tasks.create_task(api.create(f"/api/v1/namespaces/{NAMESPACE}/pods", pod.manifest()))


async def delete_pods(api: Api, pods: Iterable[LsPod], per_second: float = 50) -> None:
    """Delete the pods at an even rate; each then takes its own time to exit."""
    for pod in pods:
        await api.delete(pod.path)
        await asyncio.sleep(1 / per_second)
