"""Small clusters to plan for: whatever is drawn could be seen on a real one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from types import MappingProxyType

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from planning_cases import (
    GPU,
    amounts,
    ls,
    node,
    paraset,
    pending,
    policy,
    refused,
    running,
    shape,
    shrinking,
    snapshot,
    terminating,
)

from bench.oracle.packing import homes
from paraset_operator.model.constraints import Constraints, Toleration
from paraset_operator.model.devices import DeviceShare, Free, free_of, place
from paraset_operator.model.node import Node, Taint
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import HeadroomShape, PolicyView, Tenant
from paraset_operator.model.resources import fits, minus
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import Moment, Snapshot

NOW = Moment(monotonic=50.0, wall=1000.0)
SETTINGS = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))

Pick = Callable[[int, int], int]

# Devices of which parts are handed out, in thousandths.
MILLI = "example.com/gpu-milli"
UNIT = 1000
PARTS = (50, 100, 200, 250, 300, 333, 500, 600, 750, 900)

GPU_TAINT = Taint(GPU)
GPU_TOLERATION = Toleration(key=GPU, operator="Exists")


@dataclass(frozen=True)
class Kind:
    """What may show up in a cluster. `calm` leaves out what must change by itself or in several rounds.

    With `devices` most nodes list theirs, pods hold parts or whole ones, and namespaces have weights and limits.
    """

    calm: bool = False
    headroom: bool = True
    waiting: int = 3
    fillers: int = 8
    most_sets: int = 3
    most_shapes: int = 2
    devices: bool = False


ANY = Kind()
CALM = Kind(calm=True, headroom=False)
ONE_SHAPE = Kind(calm=True, headroom=False, waiting=0, fillers=0, most_sets=1, most_shapes=1)
ANY_DEVICES = Kind(devices=True, fillers=10, most_shapes=3)
CALM_DEVICES = replace(ANY_DEVICES, calm=True, headroom=False)
ONE_SET_DEVICES = replace(CALM_DEVICES, waiting=0, fillers=0, most_sets=1, most_shapes=4)


@dataclass
class Draft:
    nodes: list[Node]
    sets: list[ParaSetView]
    free: dict[str, dict[str, int]]
    pods: list[Pod] = field(default_factory=list)

    def put(self, pod: Pod, *, is_placed: bool = True) -> bool:
        """Take a pod in if its node has the room, on a device each if it is placed."""
        if not fits(pod.held, self.free[pod.place]):
            return False
        at = next(each for each in self.nodes if each.name == pod.place)
        on_devices = shares_of(pod, at, [each for each in self.pods if each.place == pod.place])
        if on_devices is None:
            return False
        self.free[pod.place] = minus(self.free[pod.place], pod.held)
        self.pods.append(replace(pod, on_devices=on_devices) if is_placed else pod)
        return True


def free_devices(at: Node, resource: str, pods: list[Pod]) -> Free:
    """Return what pods leave of each device; what is on no known one is left nowhere."""
    shares = [share for pod in pods for share in pod.on_devices if share.resource == resource]
    unplaced = sum(pod.held.get(resource, 0) for pod in pods) - sum(share.amount for share in shares)
    return free_of(at.devices[resource], resource, shares, max(0, unplaced))


def shares_of(pod: Pod, at: Node, others: list[Pod]) -> tuple[DeviceShare, ...] | None:
    """Return the devices of a node that a pod gets beside others, or None where they have no room for it."""
    shares: list[DeviceShare] = []
    for resource, sizes in at.devices.items():
        found = place(pod.held.get(resource, 0), free_devices(at, resource, others), sizes)
        if found is None:
            return None
        shares += [DeviceShare(resource, device, amount) for device, amount in found]
    return tuple(shares)


def on_devices(picture: Snapshot) -> Snapshot:
    """Return the picture with all pods that run on tracked devices of their nodes placed, as well as they can be."""
    pods = [pod for state in picture.nodes for pod in _placed(state.node, list(state.pods))]
    nodes = [state.node for state in picture.nodes]
    return snapshot(nodes, [*pods, *picture.waiting], picture.sets, picture.policies)


def _placed(at: Node, pods: list[Pod]) -> list[Pod]:
    for resource, sizes in at.devices.items():
        new = [pod for pod in pods if pod.held.get(resource) and not pod.on_devices]
        known = [pod for pod in pods if pod not in new]
        whole, parts = _split(new, resource, max(sizes))
        for pod in whole:
            known.append(replace(pod, on_devices=shares_of(pod, at, known) or ()))
        found = homes([pod.held[resource] for pod in parts], free_devices(at, resource, known))
        for pod, home in zip(parts, found or (), strict=found is not None):
            known.append(replace(pod, on_devices=(DeviceShare(resource, home, pod.held[resource]),)))
        pods = known if found is not None else known + parts
    return pods


def _split(pods: list[Pod], resource: str, unit: int) -> tuple[list[Pod], list[Pod]]:
    return [pod for pod in pods if pod.held[resource] >= unit], [pod for pod in pods if pod.held[resource] < unit]


@st.composite
def clusters(draw: st.DrawFn, kind: Kind = ANY) -> Snapshot:
    """Return a strategy of pictures."""
    return cluster(lambda low, high: draw(st.integers(low, high)), kind)


def seeded(seed: int, kind: Kind) -> Snapshot:
    """Return a picture made of a random number's whole numbers: much quicker than one that is drawn."""
    return cluster(Random(seed).randint, kind)


def cluster(pick: Pick, kind: Kind) -> Snapshot:
    """Return a picture made of whole numbers, each picked between two bounds."""
    nodes = [_with_devices(pick, _node(pick, index), kind) for index in range(pick(1, 6))]
    sets = [_set(pick, kind, index) for index in range(pick(1, kind.most_sets))]
    draft = Draft(nodes, sets, {each.name: dict(each.allocatable) for each in nodes})
    for index in range(pick(0, 4)):
        bound = _ls(pick, f"bound-{index}", kind, node=nodes[pick(0, len(nodes) - 1)].name)
        draft.put(terminating(bound) if pick(0, 5) == 5 else bound)
    counts = dict.fromkeys((owner.uid for owner in sets), 0)
    for _ in range(pick(0, kind.fillers)):
        owner = sets[pick(0, len(sets) - 1)]
        made = _filler(pick, kind, owner, counts[owner.uid], nodes[pick(0, len(nodes) - 1)])
        is_placed = not kind.devices or kind.calm or pick(0, 5) < 5
        counts[owner.uid] += draft.put(made, is_placed=is_placed)
    pods = draft.pods + [_waiting(pick, kind, index, nodes) for index in range(pick(0, kind.waiting))]
    return snapshot(nodes, pods, sets, _policy(pick, kind))


def _node(pick: Pick, index: int) -> Node:
    gpus = max(0, pick(-1, 4))
    tainted = gpus > 0 and pick(0, 3) == 0
    trouble = ["", "", "", "", "", "", "", "Cordoned", "NotReady"][pick(0, 8)]
    return node(
        f"n{index}",
        cpu=pick(1, 32) / 2,
        memory=pick(2, 32),
        gpus=gpus,
        pods=pick(4, 12),
        taints=(GPU_TAINT,) if tainted else (),
        trouble=trouble,
        is_cordoned=trouble == "Cordoned",
    )


def _with_devices(pick: Pick, made: Node, kind: Kind) -> Node:
    """Return the node with devices of which parts are handed out; some nodes do not say which there are."""
    count = max(0, pick(-1, 4)) if kind.devices else 0
    if not count:
        return made
    unit = UNIT if pick(0, 7) else UNIT // 2
    allocatable = {**made.allocatable, MILLI: unit * count}
    if pick(0, 7) == 7:
        return replace(made, allocatable=allocatable)
    return replace(made, allocatable=allocatable, devices=MappingProxyType({MILLI: (unit,) * count}))


def _milli(pick: Pick) -> dict[str, int]:
    """Return an amount of devices: none, a part of one, or whole ones."""
    choice = pick(0, 9)
    amount = 0 if choice < 3 else UNIT * pick(1, 2) if choice < 5 else PARTS[pick(0, len(PARTS) - 1)]
    return {MILLI: amount} if amount else {}


def _set(pick: Pick, kind: Kind, index: int) -> ParaSetView:
    shapes = [_shape(pick, kind, number) for number in range(pick(1, kind.most_shapes))]
    return paraset(
        f"s{index}",
        *shapes,
        namespace="ab"[pick(0, 1)],
        ceiling=pick(0, 8),
        floor=pick(0, 2),
        weight=pick(1, 3),
        is_suspended=pick(0, 15) == 15,
        checkpoint_seconds=(0, 300)[pick(0, 1)],
        constraints=Constraints(tolerations=(GPU_TOLERATION,)) if pick(0, 1) else Constraints(),
    )


def _shape(pick: Pick, kind: Kind, number: int) -> Shape:
    low = pick(1, 4) / 2
    small = pick(0, 4) / 2
    growth = {"memory": float(pick(0, 2))} if small else {}
    made = shape(
        f"shape{number}",
        cpu=(low, low + pick(0, 12) / 2) if pick(0, 3) else low,
        memory=(small, small + pick(0, 16) / 2) if small else 0,
        gpus=max(0, pick(-4 if kind.devices else -2, 2)),
        value=pick(1, 4),
        growth=growth,
        overhead=amounts(cpu=0.25, memory=0.125) if pick(0, 3) == 3 else {},
        initial=amounts(cpu=2.5) if pick(0, 4) == 4 else {},
    )
    return replace(made, fixed={**made.fixed, **_milli(pick)}) if kind.devices else made


def _filler(  # noqa: PLR0911 - one state a line
    pick: Pick, kind: Kind, owner: ParaSetView, index: int, at: Node
) -> Pod:
    of = owner.shapes[pick(0, len(owner.shapes) - 1)]
    sizes = {each.resource: each.minimum + (each.maximum - each.minimum) * pick(0, 4) // 4 for each in of.elastic}
    started = float(pick(0, 1000))
    made = running(owner, of, index, at.name, sizes, started=started, created=started)
    state = pick(0, 11)
    slack = {each.resource: max(0, sizes[each.resource] - each.minimum) for each in of.elastic}
    if state == 6:
        return terminating(made)
    if state == 7:
        return pending(made)
    if state == 8 and of.elastic and not kind.calm:
        return shrinking(made, {"cpu": 500}) if "cpu" in sizes else made
    if state == 9 and not kind.calm:
        return refused(made, {name: sizes[name] - more for name, more in slack.items()})
    if state == 10 and not kind.calm:
        return replace(made, template_hash="older")
    if state == 11:
        return replace(made, held={}, requests={}, is_finished=True, is_running=False)
    return made


def _ls(pick: Pick, name: str, kind: Kind, **fields: object) -> Pod:
    made = ls(name, cpu=pick(1, 16) / 2, memory=pick(0, 8), gpus=max(0, pick(-2, 4)))
    if kind.devices:
        need = {**made.requests, **_milli(pick)}
        made = replace(made, held=need, requests=need)
    return replace(made, **fields)  # type: ignore[arg-type]


def _waiting(pick: Pick, kind: Kind, index: int, nodes: list[Node]) -> Pod:
    choice = pick(0, 6)
    return _ls(
        pick,
        f"waiting-{index}",
        kind,
        priority=(0, 1000, -5)[pick(0, 1 if kind.calm else 2)],
        created=float(pick(0, 3)),
        nominated=nodes[pick(0, len(nodes) - 1)].name if choice == 6 else "",
        constraints=Constraints(tolerations=(GPU_TOLERATION,), is_judgeable=choice != 5),
    )


def _policy(pick: Pick, kind: Kind) -> PolicyView:
    headroom = [
        HeadroomShape(
            f"h{index}",
            amounts(pick(0, 8) / 2, pick(0, 4), max(0, pick(-1, 2))),
            copies=pick(0, 2),
            lends_devices=pick(0, 1) == 1,
        )
        for index in range(pick(0, 2) if kind.headroom else 0)
    ]
    return policy(
        reserve=amounts(cpu=pick(0, 4) / 4, memory=pick(0, 2)),
        reserve_percent={"memory": 10} if pick(0, 4) == 4 else {},
        headroom=tuple(headroom),
        nominates=kind.calm or pick(0, 4) != 4,
        tenants=_tenants(pick) if kind.devices else {},
    )


def _tenants(pick: Pick) -> MappingProxyType[str, Tenant]:
    limits = [{}, {}, {MILLI: pick(0, 3000)}, amounts(cpu=pick(1, 12))][pick(0, 3)]
    tenants = {"a": Tenant("a", pick(1, 3)), "b": Tenant("b", pick(1, 2), limits)}
    return MappingProxyType(tenants if pick(0, 1) else {})
