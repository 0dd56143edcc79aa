"""The simulated cluster: nodes, LS pods and fillers, in the cache that the operator itself fills from its watches.

Two books are kept of the same pods: the cache, from which a plan's picture is frozen, and the arrays of `fleet.py`, by
which pods are bound. A pod holds its room until it is gone, also while it terminates; which of a node's GPUs it holds
is decided when it is bound and never changes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.model.constraints import UNCONSTRAINED, Constraints, NodeSelectorTerm, Requirement
from paraset_operator.model.devices import DeviceShare, place
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.quantity import CPU, MEMORY, PODS
from paraset_operator.model.resources import Resources
from paraset_operator.simulation.fleet import GPU, MODEL, Amount, Fleet, Placement
from paraset_operator.simulation.trace_tables import WHOLE_GPU, Task

LS_NAMESPACE = "ls"
# Seconds on both of the cluster's clocks when a simulation begins: 0 would mean "not yet".
START = 1000.0


def requests_of(task: Task) -> dict[str, int]:
    """Return what a task asks for, as a pod's requests."""
    amounts = {CPU: task.cpu, MEMORY: task.memory, GPU: task.gpu_milli, PODS: 1}
    return {name: amount for name, amount in amounts.items() if amount}


def task_of(requests: Resources, models: tuple[str, ...] = ()) -> Task:
    """Return the task that asks for a pod's requests."""
    gpu = requests.get(GPU, 0)
    gpus, share = (gpu // WHOLE_GPU, WHOLE_GPU) if gpu >= WHOLE_GPU else (int(gpu > 0), gpu)
    return Task(requests.get(CPU, 0), requests.get(MEMORY, 0), gpus, share, models if gpu else ())


def constraints_of(models: tuple[str, ...]) -> Constraints:
    """Return the node affinity that asks for one of the GPU models."""
    if not models:
        return UNCONSTRAINED
    return Constraints(affinity=(NodeSelectorTerm(labels=(Requirement(MODEL, "In", models),)),))


@dataclass(slots=True)
class World:
    """The cluster at one moment. `fleet` is this world's own; `nodes` are in its order."""

    nodes: Sequence[Node]
    fleet: Fleet
    now: float = START
    cache: ClusterCache = field(default_factory=ClusterCache)
    index: dict[str, int] = field(init=False)
    tasks: dict[str, Task] = field(default_factory=dict)
    made: int = 0

    def __post_init__(self) -> None:
        self.index = {node.name: index for index, node in enumerate(self.nodes)}
        for node in self.nodes:
            self.cache.nodes.nodes[node.name] = node
            self.cache.pods.stale_places.add(node.name)

    def listen(self, listener: Callable[[Pod | None, Pod | None], None]) -> None:
        """Call with the old and the new state of a pod whenever it changes; None for not there."""
        self.cache.pods.listen(listener)

    def get(self, key: str) -> Pod | None:
        """Return a pod as it is now."""
        return self.cache.pods.get(key)

    def at(self, node: int) -> Iterator[Pod]:
        """Return the pods bound to a node."""
        return (pod for pod in self.cache.pods.at(self.nodes[node].name) if pod.node)

    def pods(self) -> Iterator[Pod]:
        """Return all pods."""
        return iter(self.cache.pods)

    def add(self, pod: Pod) -> Pod:
        """Take in a new pod, and give it a uid."""
        self.made += 1
        pod = replace(pod, uid=f"uid-{self.made}", created=self.now)
        self.cache.pods.put(pod)
        return pod

    def arrive(self, name: str, task: Task) -> Pod:
        """Take in an LS pod that waits for the scheduler."""
        requests = requests_of(task)
        pod = Pod(LS_NAMESPACE, name, "", held=requests, requests=requests, constraints=constraints_of(task.models))
        pod = self.add(pod)
        self.tasks[pod.uid] = task
        return pod

    def settle(self, pod: Pod, devices: Placement) -> None:
        """Take in a pod that was bound before the simulation began."""
        self.fleet.take(self.index[pod.node], amount_of(pod, devices))
        self.put(replace(pod, on_devices=_shares(devices)))

    def resume(self, pods: Iterable[Pod], tasks: Mapping[str, Task]) -> None:
        """Take over the pods of another world whose books this one's fleet is a copy of."""
        for pod in pods:
            self.put(pod)
        self.tasks, self.made = dict(tasks), len(self.cache.pods)

    def put(self, pod: Pod) -> Pod:
        """Take over a new state of a pod that changes nothing of what it holds."""
        self.cache.pods.put(pod)
        return pod

    def bind(self, pod: Pod, node: int, devices: Placement) -> Pod:
        """Bind a pod: from here on it holds its room, and runs."""
        self.fleet.take(node, amount_of(pod, devices))
        bound = replace(
            pod,
            node=self.nodes[node].name,
            nominated="",
            allocated=pod.sizes,
            on_devices=_shares(devices),
            is_running=True,
            is_ready=True,
            started=self.now,
        )
        return self.put(bound)

    def resize(self, pod: Pod, sizes: Resources, requests: Resources) -> Pod:
        """Resize a pod in place, at once."""
        node, devices = self.index[pod.node], placement_of(pod)
        resized = replace(pod, sizes=sizes, allocated=sizes, requests=requests, held=requests)
        self.fleet.give(node, amount_of(pod, devices))
        self.fleet.take(node, amount_of(resized, devices))
        return self.put(resized)

    def remove(self, pod: Pod) -> None:
        """Take a pod out, and give its room back."""
        if pod.node:
            self.fleet.give(self.index[pod.node], amount_of(pod, placement_of(pod)))
        self.tasks.pop(pod.uid, None)
        self.cache.pods.gone(pod)

    def room_for(self, node: int, requests: Resources) -> Placement | None:
        """Return the devices a pod would get on a node, or None where it does not fit now."""
        free, size = self.fleet.gpu[node].tolist(), self.fleet.size[node].tolist()
        devices = place(requests.get(GPU, 0), tuple(free), tuple(size))
        if devices is None or not self.fleet.fits(node, _amount(requests, devices)):
            return None
        return devices


def _shares(devices: Placement) -> tuple[DeviceShare, ...]:
    return tuple(DeviceShare(GPU, device, part) for device, part in devices)


def amount_of(pod: Pod, devices: Placement) -> Amount:
    """Return what a pod holds of its node."""
    return _amount(pod.held, devices)


def _amount(held: Resources, devices: Placement) -> Amount:
    return Amount(held.get(CPU, 0), held.get(MEMORY, 0), held.get(PODS, 0), devices)


def placement_of(pod: Pod) -> Placement:
    """Return which devices a pod holds, with how much of each."""
    return tuple((share.device, share.amount) for share in pod.on_devices if share.resource == GPU)


def fillers(pods: Iterable[Pod]) -> Iterator[Pod]:
    """Return the fillers among pods that hold room."""
    return (pod for pod in pods if pod.is_filler and pod.node)


def without_fillers(world: World) -> Fleet:
    """Return the books as they would be if no filler were there."""
    fleet = world.fleet.copy()
    for pod in fillers(world.pods()):
        fleet.give(world.index[pod.node], amount_of(pod, placement_of(pod)))
    return fleet
