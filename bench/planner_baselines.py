"""What simple fillers would put on the same nodes: greedy rules in the style of schedulers, and a fixed shape.

They know devices, ceilings and tenants' limits, but no fair shares and no prices. All but the fixed shape then grow
into what is left. Nothing of the planner's filling is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.oracle.outcome import Held
from bench.oracle.packing import levels
from bench.oracle.problem import Devices, devices_on, free_room
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView, Tenant
from paraset_operator.model.resources import dominant_share, is_device
from paraset_operator.model.shape import Elastic, ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.feasibility import may_fill, policy_of
from paraset_operator.planning.worth import density, scale_of

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Choice = tuple[ParaSetView, Shape]


@dataclass(slots=True)
class Yard:
    """All nodes as arrays: what is free of each resource, what is free on each device, whom they admit, who is there.

    `size` is a whole device, 0 where devices are counted.
    """

    names: list[str]
    free: dict[str, Ints]
    device: str
    size: int
    devices: Ints
    admits: dict[str, Flags]
    left: dict[str, int]
    limits: dict[str, dict[str, int]]
    placed: list[list[Choice]]

    def fitting(self, choice: Choice) -> Flags:
        """Return on which nodes one more instance fits; on none where the set or its namespace may have no more."""
        owner, shape = choice
        need = shape.smallest
        flags = self.admits[owner.key].copy()
        if self.allowed(choice) <= 0:
            return np.zeros_like(flags)
        for name, amount in need.items():
            if amount > 0:
                flags &= self.free[name] >= amount
        amount = need.get(self.device, 0)
        if self.size and amount >= self.size:
            flags &= (self.devices == self.size).sum(axis=1) >= amount // self.size
        elif self.size and amount:
            flags &= self.devices.max(axis=1) >= amount
        return flags

    def allowed(self, choice: Choice) -> int:
        """Return how many more instances ceiling and limits allow."""
        owner, shape = choice
        limits = self.limits.get(owner.namespace, {})
        counts = [most // shape.smallest[name] for name, most in limits.items() if shape.smallest.get(name, 0) > 0]
        return min([self.left[owner.key], *counts])

    def put(self, choice: Choice, nodes: Ints) -> None:
        """Place one instance on each of the nodes, a part on the fullest device that takes it."""
        owner, shape = choice
        for name, amount in shape.smallest.items():
            self.free[name][nodes] -= amount
            if name in self.limits.get(owner.namespace, {}):
                self.limits[owner.namespace][name] -= amount * len(nodes)
        self.left[owner.key] -= len(nodes)
        amount = shape.smallest.get(self.device, 0)
        if self.size and amount:
            self._cut(nodes, amount)
        for node in nodes:
            self.placed[node].append(choice)

    def _cut(self, nodes: Ints, amount: int) -> None:
        rows = self.devices[nodes]
        for _ in range(max(1, amount // self.size)):
            part = min(amount, self.size)
            home = np.where(rows >= part, rows, self.size + 1).argmin(axis=1)
            rows[np.arange(len(nodes)), home] -= part
        self.devices[nodes] = rows


def fillers_by(method: str, snapshot: Snapshot, fillable: dict[str, int]) -> list[Held]:
    """Return the fillers that a method makes on a cluster without any."""
    yard = _yard(snapshot)
    choices = [(owner, shape) for owner in snapshot.sets for shape in owner.shapes]
    METHODS[method](yard, choices, fillable)
    scales = {owner.key: scale_of(owner, fillable) for owner in snapshot.sets}
    made: list[Held] = []
    counts: dict[str, int] = {}
    for node, name in enumerate(yard.names):
        sizes = [{each.resource: each.minimum for each in shape.elastic} for _, shape in yard.placed[node]]
        if method != "fixed-shape":
            _grow(yard, node, sizes, scales)
        for (owner, shape), size in zip(yard.placed[node], sizes, strict=True):
            number = counts[owner.key] = counts.get(owner.key, -1) + 1
            made.append(Held(owner, f"{owner.name}-{number}", name, shape, size, shape.at(size)))
    return made


def _yard(snapshot: Snapshot) -> Yard:
    policies = snapshot.policies or (DEFAULT_POLICY,)
    covered = [(state, policy) for state in snapshot.nodes if (policy := policy_of(state.node, policies)) is not None]
    resources = {name for owner in snapshot.sets for shape in owner.shapes for name in shape.smallest}
    rooms = [free_room(state, policy, ()) for state, policy in covered]
    device = next((name for name in sorted(resources) if is_device(name)), "")
    tracked = [_devices(state, device) for state, _ in covered]
    widest = max((len(levels(each)) for each in tracked), default=0)
    devices = np.zeros((len(covered), max(1, widest)), dtype=np.int64)
    for row, each in enumerate(tracked):
        devices[row, : len(levels(each))] = levels(each)
    tenants = _tenants(policies)
    return Yard(
        names=[state.node.name for state, _ in covered],
        free={name: np.array([room.get(name, 0) for room in rooms], dtype=np.int64) for name in sorted(resources)},
        device=device,
        size=max((each.size for each in tracked), default=0),
        devices=devices,
        admits={owner.key: _admits(owner, covered) for owner in snapshot.sets},
        left={owner.key: owner.ceiling for owner in snapshot.sets},
        limits={tenant.namespace: dict(tenant.limits) for tenant in tenants if tenant.limits},
        placed=[[] for _ in covered],
    )


def _devices(state: NodeState, resource: str) -> Devices:
    found = [each for each in devices_on(state, ()) if each.resource == resource]
    return found[0] if found else Devices(resource, 0, 0, ())


def _tenants(policies: Sequence[PolicyView]) -> list[Tenant]:
    merged: dict[str, Tenant] = {}
    for policy in reversed(policies):
        merged |= policy.tenants
    return list(merged.values())


def _admits(owner: ParaSetView, covered: Sequence[tuple[NodeState, PolicyView]]) -> Flags:
    return np.array([may_fill(owner.constraints, state.node, policy) for state, policy in covered], dtype=np.bool_)


def _in_order(yard: Yard, ranked: Sequence[Choice]) -> None:
    """Place each shape wherever it fits, as often as it does, the fullest nodes first, before the next shape's turn."""
    for choice in ranked:
        while len(nodes := np.flatnonzero(yard.fitting(choice))):
            fullest = nodes[np.argsort(yard.free["cpu"][nodes], kind="stable")]
            yard.put(choice, fullest[: yard.allowed(choice)])


def _largest_first(yard: Yard, choices: Sequence[Choice], fillable: dict[str, int]) -> None:
    _in_order(
        yard, sorted(choices, key=lambda it: (-it[1].smallest.get(yard.device, 0), -_share(it, fillable), it[0].key))
    )


def _densest_first(yard: Yard, choices: Sequence[Choice], fillable: dict[str, int]) -> None:
    scales = {owner.key: scale_of(owner, fillable) for owner, _ in choices}

    def rate(choice: Choice) -> float:
        return choice[1].value * scales[choice[0].key] / (_share(choice, fillable) or 1.0)

    _in_order(yard, sorted(choices, key=lambda it: (-rate(it), it[0].key, it[1].name)))


def _share(choice: Choice, fillable: dict[str, int]) -> float:
    return dominant_share(choice[1].smallest, fillable)


def _fixed_shape(yard: Yard, choices: Sequence[Choice], fillable: dict[str, int]) -> None:
    """Place one shape for all: that of one device, of the set with the greatest weight that has one."""
    one = [it for it in choices if it[1].smallest.get(yard.device, 0) == (yard.size or 1)]
    _in_order(yard, sorted(one, key=lambda it: (-it[0].weight, _share(it, fillable), it[0].key))[:1])


def _best_fit(yard: Yard, choices: Sequence[Choice], fillable: dict[str, int]) -> None:
    """Let sets take turns; each places its largest shape that fits anywhere, where least is left."""
    queues = {
        owner.key: sorted((it for it in choices if it[0] is owner), key=lambda it: -_share(it, fillable))
        for owner in {owner.key: owner for owner, _ in choices}.values()
    }
    while queues:
        for key, queue in list(queues.items()):
            while queue and not _put_best(yard, queue[0], fillable):
                queue.pop(0)
            if not queue:
                del queues[key]


def _put_best(yard: Yard, choice: Choice, fillable: dict[str, int]) -> bool:
    nodes = np.flatnonzero(yard.fitting(choice))
    if not len(nodes):
        return False
    left = sum(yard.free[name][nodes] / fillable[name] for name in ("cpu", yard.device) if fillable.get(name))
    yard.put(choice, nodes[[int(np.argmin(left))]])
    return True


METHODS: dict[str, Callable[[Yard, Sequence[Choice], dict[str, int]], None]] = {
    "largest-gpu-first": _largest_first,
    "best-fit": _best_fit,
    "value-density-first": _densest_first,
    "fixed-shape": _fixed_shape,
}


def _grow(yard: Yard, node: int, sizes: list[dict[str, int]], scales: dict[str, float]) -> None:
    """Give what is left on a node to the growth that is worth most."""
    growths: list[tuple[float, int, Elastic]] = [
        (density(each) * scales[owner.key], index, each)
        for index, (owner, shape) in enumerate(yard.placed[node])
        for each in shape.elastic
    ]
    for worth, index, each in sorted(growths, key=lambda it: (-it[0], it[1])):
        limits = yard.limits.get(yard.placed[node][index][0].namespace, {})
        free = min(int(yard.free[each.resource][node]), limits.get(each.resource, 1 << 60))
        more = min(each.maximum - each.minimum, free)
        if worth > 0 and more > 0:
            sizes[index][each.resource] += more
            yard.free[each.resource][node] -= more
            if each.resource in limits:
                limits[each.resource] -= more
