"""FGD's fragmentation measure of one node, by the letter of its definition (Weng et al., USENIX ATC'23, eq. 1-4).

For a task class m and one kind of device, the idle devices of a node n fall into categories:

- m asks for none, or the node's room is too small for m, or m may not run there: all that is idle is fragment
- m fits: only devices with less free than one such task takes are fragment, be they ever so many

F_n(M) is the mean over the target workload M, f_n its part of what is idle. Where a node's devices are tracked
(model/devices.py) each counts by the fraction that is free; elsewhere idle ones are whole. The paper leaves memory out.
Here whatever else a task lacks, memory and pod slots too, counts as lack of CPU does.

Room is to be given as if every filler were gone: who does not measures how much was filled. For many nodes at once see
planning/fragmentation.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from paraset_operator.model.devices import Free, free_of
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, devices_of, minus, total_of
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.target_workload import Workload


class Category(StrEnum):
    """What an idle device is to a task, by the labels of the paper's code; all but SATISFIED are fragment.

    Devices that are too small for a task that fits beside them count as LACK_GPU.
    """

    LACK_BOTH = "q1_lack_both"
    LACK_GPU = "q2_lack_gpu"
    SATISFIED = "q3_satisfied"
    LACK_CPU = "q4_lack_cpu"
    NOT_ASKED = "xl_satisfied"
    NOT_ASKED_LACK_CPU = "xr_lack_cpu"
    NO_ACCESS = "no_access"


class DeviceRoom(NamedTuple):
    """What is free on each device of one node, and the size of a whole one, in the resource's own amounts."""

    free: Free
    unit: int


NO_DEVICES: Mapping[str, DeviceRoom] = MappingProxyType({})


def device_rooms(node: Node, pods: Iterable[Pod]) -> dict[str, DeviceRoom]:
    """Return what `pods` leave of each device that the node tracks, by resource."""
    holding = [pod for pod in pods if pod.on_devices or any(pod.held.get(name) for name in node.devices)]
    rooms = {}
    for resource, capacity in node.devices.items():
        shares = [share for pod in holding for share in pod.on_devices if share.resource == resource]
        held = sum(pod.held.get(resource, 0) for pod in holding)
        unplaced = max(0, held - sum(share.amount for share in shares))
        rooms[resource] = DeviceRoom(free_of(capacity, resource, shares, unplaced), max(capacity, default=0))
    return rooms


def room_without_fillers(state: NodeState) -> tuple[dict[str, int], dict[str, DeviceRoom]]:
    """Return what all pods but fillers leave of a node, whosever the fillers are, in sum and of tracked devices."""
    fillers = total_of(pod.held for pod in state.pods if pod.is_filler)
    room = minus(state.node.allocatable, minus(state.held, fillers))
    if not state.node.devices:
        return room, {}
    return room, device_rooms(state.node, (pod for pod in state.pods if not pod.is_filler))


def idle_of(room: Resources, devices: Mapping[str, DeviceRoom] = NO_DEVICES) -> dict[str, float]:
    """Return how many devices are idle, by resource; tracked ones as the sum of their free fractions."""
    idle = {name: float(amount) for name, amount in devices_of(room).items() if name not in devices}
    tracked = {name: sum(each.free) / each.unit for name, each in devices.items() if each.unit and sum(each.free)}
    return idle | tracked


def categories_of(
    room: Resources,
    workload: Workload,
    devices: Mapping[str, DeviceRoom] = NO_DEVICES,
    access: Sequence[bool] | None = None,
) -> dict[str, dict[Category, float]]:
    """Return how many idle devices of a node are of which category, expected over the workload, by resource.

    `access` says which classes may run on the node (Workload.may_run). The categories of a resource sum up to what is
    idle of it; all are 0 without a workload.
    """
    idle = idle_of(room, devices)
    split = {resource: dict.fromkeys(Category, 0.0) for resource in idle}
    for index, (need, share) in enumerate(workload.classes):
        lacking = {name for name, amount in need.items() if amount > 0 and not _has(name, amount, room, devices)}
        for resource, amount in idle.items():
            category = _category(need.get(resource, 0), resource, lacking, access is None or access[index])
            small = 0.0
            if category is Category.SATISFIED and resource in devices:
                small = _too_small(need[resource], devices[resource])
            split[resource][category] += share * (amount - small)
            split[resource][Category.LACK_GPU] += share * small
    return split


def fragment(
    room: Resources,
    workload: Workload,
    devices: Mapping[str, DeviceRoom] = NO_DEVICES,
    access: Sequence[bool] | None = None,
) -> dict[str, float]:
    """Return F_n(M) for each device resource of a node with this room: the idle devices that are fragment, expected."""
    split = categories_of(room, workload, devices, access)
    return {resource: _lost(parts) for resource, parts in split.items()}


def rate_of(
    room: Resources,
    workload: Workload,
    devices: Mapping[str, DeviceRoom] = NO_DEVICES,
    access: Sequence[bool] | None = None,
) -> float:
    """Return f_n(M), the fragment part of a node's idle devices; 1 where nothing is idle or no LS work is known."""
    idle = sum(idle_of(room, devices).values())
    if not idle or not workload.classes:
        return 1.0
    return min(1.0, sum(fragment(room, workload, devices, access).values()) / idle)


def _has(name: str, amount: int, room: Resources, devices: Mapping[str, DeviceRoom]) -> bool:
    """Say whether there is room for an amount: for a part of a device on one, for whole ones on untouched ones."""
    if name not in devices:
        return amount <= room.get(name, 0)
    free, unit = devices[name]
    if amount < unit:
        return amount <= max(free, default=0)
    count, rest = divmod(amount, unit) if unit else (0, amount)
    return not rest and count <= sum(each == unit for each in free)


def _category(asked: int, resource: str, lacking: set[str], may_run: bool) -> Category:
    lacks_other = bool(lacking - {resource})
    if asked <= 0:
        return Category.NOT_ASKED_LACK_CPU if lacks_other else Category.NOT_ASKED
    if not may_run:
        return Category.NO_ACCESS
    if resource in lacking:
        return Category.LACK_BOTH if lacks_other else Category.LACK_GPU
    return Category.LACK_CPU if lacks_other else Category.SATISFIED


def _too_small(asked: int, devices: DeviceRoom) -> float:
    least = min(asked, devices.unit)
    return sum(each for each in devices.free if each < least) / devices.unit


def _lost(parts: Mapping[Category, float]) -> float:
    return sum(amount for category, amount in parts.items() if category is not Category.SATISFIED)
