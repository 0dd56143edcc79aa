"""Small hand-made clusters and timelines for the tests of the observer's measurements and invariants."""

from dataclasses import replace

from demo.invariants import InvariantChecker, Violation
from demo.objects import CPU, FILLER_PRIORITY_CLASS, GPU, MEMORY, PODS, Node, ParaSet, Pod, Shape
from demo.state import Change, ClusterState, Item
from demo.wire import OwnerReference

GIB = 1 << 30
SHAPE = Shape("gpu", least={GPU: 1, CPU: 1000, MEMORY: GIB}, most={GPU: 1, CPU: 8000, MEMORY: 8 * GIB})
CPU_SHAPE = Shape("cpu", least={CPU: 1000, MEMORY: GIB}, most={CPU: 16000, MEMORY: 16 * GIB})
SET = ParaSet("tenant", "s", "set-uid", replicas=4, suspended=False, shapes=(SHAPE, CPU_SHAPE))


def node(name: str, gpus: int = 2, cores: int = 16, memory: int = 64, **more: object) -> Node:
    allocatable = {GPU: gpus, CPU: cores * 1000, MEMORY: memory * GIB, PODS: 110}
    return replace(Node(name, allocatable, {}, (), unschedulable=False, ready=True), **more)  # type: ignore[arg-type]


def pod(name: str, on: str = "", gpus: int = 0, cores: int = 1, **more: object) -> Pod:
    requests = {CPU: cores * 1000, MEMORY: GIB} | ({GPU: gpus} if gpus else {})
    made = Pod("serving", name, requests, requests, uid=f"{name}-uid", node=on)
    return replace(made, **more)  # type: ignore[arg-type]


def filler(name: str, on: str = "n1", gpus: int = 1, cores: int = 1, **more: object) -> Pod:
    owner = OwnerReference("paraset.io/v1alpha1", "ParaSet", SET.name, SET.uid, controller=True)
    made = pod(
        name,
        on,
        gpus,
        cores,
        namespace=SET.namespace,
        owner=owner,
        priority=-100_000_000,
        priority_class=FILLER_PRIORITY_CLASS,
        pinned=(on,),
        shape="gpu" if gpus else "cpu",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def resized(before: Pod, cores: int) -> Pod:
    requests = {**before.requests, CPU: cores * 1000}
    return replace(before, requests=requests, spec_requests=requests)


class Timeline:
    """Feeds changes to a state and a checker; times count up from 100 s."""

    def __init__(self, *items: Item) -> None:
        self.state, self.checker, self.changes = ClusterState(), InvariantChecker(), list[Change]()
        self.now = 100.0
        for item in items:
            self.see(item)

    def see(self, item: Item, kind: str = "MODIFIED", after: float = 0.0) -> "Timeline":
        self.now += after
        change = self.state.apply(self.now, kind, item)
        self.changes.append(change)
        self.checker.observe(self.state, change)
        return self

    def gone(self, item: Item, after: float = 0.0) -> "Timeline":
        return self.see(item, "DELETED", after)

    @property
    def violations(self) -> list[Violation]:
        return self.checker.violations

    @property
    def broken(self) -> list[str]:
        return [violation.invariant for violation in self.violations]
