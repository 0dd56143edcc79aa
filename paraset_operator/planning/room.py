"""What a node has free: now, soon, and for fillers.

`NodeRoom` is the working state of one plan call, nothing else mutates. Two views of the same node:

- for LS work: `open_now` is what the scheduler can use at once, `open_soon` adds what is on its way out (Terminating
  pods, shrinks under way). Both leave out what LS pods were promised that are not bound yet.
- for fillers: `keep_room` is what running fillers may hold, all other pods and the reserve left out; `fill_room` leaves
  out promises too, and bounds whatever is new or grows. Promises never drive a kept filler out: who was nominated
  already has its victims.
"""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field, replace

from paraset_operator.model.devices import Free
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.resources import Resources, dominant_share, fits, minus, plus, total_of
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.device_room import DeviceRoom, device_rooms
from paraset_operator.planning.lost_work import Standing


@dataclass(slots=True)
class Instance:
    """A filler in the plan: one that runs (`pod`) or one to be made; `sizes` are those the plan wants."""

    owner: ParaSetView
    shape: Shape
    sizes: dict[str, int]
    pod: Pod | None = None
    index: int = -1

    @property
    def name(self) -> str:
        """The filler's name."""
        return self.pod.name if self.pod else f"{self.owner.name}-{self.index}"

    def holds(self) -> dict[str, int]:
        """Return what the filler holds at the planned sizes."""
        return self.shape.at(self.sizes) if self.pod is None else resized_by_shape(self.pod, self.shape, self.sizes)

    def smallest(self) -> dict[str, int]:
        """Return what the filler holds once it has shrunk as far as it can."""
        return self.shape.smallest if self.pod is None else smallest_of(self.pod, self.shape)


@dataclass(slots=True)
class NodeRoom:
    """One node while a plan is made.

    `needs` are the promises one by one, `released` the fillers that were told to leave, `givers` the pods whose room is
    on its way. `version` counts what has been promised or released; each time the name is put down in `log`. `shares`
    are dominant shares of `whole`, by which what is lost here compares with what is lost elsewhere. `growing` are pods
    that wait to grow in place; what they want counts as held only once it is `charged`. `pinned` is what fillers hold
    that stay and are of no known shape, so that they are no instances.
    """

    node: Node
    policy: PolicyView | None
    others: Resources
    free_now: dict[str, int]
    coming: dict[str, int]
    promised: dict[str, int] = field(default_factory=dict)
    preempted: Resources = field(default_factory=dict)
    claimed: dict[str, int] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    queue: int = 0
    fillers: list[Pod] = field(default_factory=list)
    finished: list[Pod] = field(default_factory=list)
    released: list[Pod] = field(default_factory=list)
    needs: list[Resources] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    givers: list[str] = field(default_factory=list)
    devices_now: dict[str, Free] = field(default_factory=dict)
    devices: dict[str, DeviceRoom] = field(default_factory=dict)
    is_cooling: bool = False
    version: int = 0
    log: list[str] = field(default_factory=list)
    growing: tuple[Pod, ...] = ()
    charged: dict[str, int] = field(default_factory=dict)
    pinned: dict[str, int] = field(default_factory=dict)
    whole: Resources = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)

    @property
    def is_touched(self) -> bool:
        """Whether anything has been promised or released."""
        return self.version > 0

    def _touch(self) -> None:
        self.version += 1
        self.log.append(self.name)

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    @property
    def open_now(self) -> dict[str, int]:
        """What an LS pod could use at once."""
        return minus(self.free_now, self.promised)

    @property
    def open_soon(self) -> dict[str, int]:
        """What an LS pod could use once all that is leaving has left."""
        return minus(plus(self.free_now, self.coming), self.promised)

    @property
    def unclaimed(self) -> dict[str, int]:
        """What the scheduler has made leave here, and no pod that is nominated here takes."""
        return minus(self.preempted, self.claimed)

    def fits_now(self, need: Resources) -> bool:
        """Say whether an LS pod could be bound at once."""
        return fits(need, self.open_now) and all(
            each.fits_now(need.get(name, 0)) for name, each in self.devices.items()
        )

    def fits_soon(self, need: Resources) -> bool:
        """Say whether an LS pod could be bound once all that is leaving has left."""
        return fits(need, self.open_soon) and self.has_devices(need)

    def has_devices(self, need: Resources, gone: Collection[Pod] = ()) -> bool:
        """Say whether an LS pod finds its devices once all that is leaving, and `gone`, have left."""
        return all(each.fits_soon(need.get(name, 0), gone) for name, each in self.devices.items())

    def promise(self, need: Resources) -> None:
        """Set room aside for an LS pod that is not bound yet."""
        self.promised = plus(self.promised, need)
        for name, each in self.devices.items():
            each.promise(need.get(name, 0))
        self.needs.append(need)
        self._touch()

    def promise_nominated(self, need: Resources) -> None:
        """Set room aside for an LS pod that is nominated here; if it was preempted for, that room is this pod's."""
        self.promise(need)
        self.queue += 1
        self.claimed = plus(self.claimed, need)

    def charge(self, need: Resources) -> None:
        """Count what was promised to a pod that grows as held, as the scheduler does already."""
        self.promised = minus(self.promised, need)
        self.needs.remove(need)
        self.free_now = minus(self.free_now, need)
        self.charged = plus(self.charged, need)
        self._touch()

    def release(self, pod: Pod) -> None:
        """Count a filler as leaving."""
        self.fillers.remove(pod)
        self.released.append(pod)
        self.standing.leave(pod)
        self._touch()
        self.coming = plus(self.coming, pod.requests)
        for each in self.devices.values():
            each.leave(pod)

    def shrink(self, pod: Pod, sizes: Resources) -> None:
        """Count what a filler gives up in place as leaving; from here on it is planned with at its new size."""
        requests = resized(pod, sizes)
        self.coming = plus(self.coming, minus(pod.requests, requests))
        self._touch()
        smaller = replace(pod, sizes=sizes, requests=requests, held=requests)
        self.fillers[self.fillers.index(pod)] = smaller
        self.shares = {**self.shares, pod.uid: dominant_share(requests, self.whole)}

    def keep_room(self) -> dict[str, int]:
        """Return what fillers may hold, whether they run or not."""
        reserve = self.policy.reserve_on(self.node.allocatable) if self.policy else {}
        return minus(minus(self.node.allocatable, self.others), reserve)

    def fill_room(self) -> dict[str, int]:
        """Return what fillers may hold in sum before anything new is added."""
        return minus(minus(minus(self.keep_room(), self.promised), self.charged), self.pinned)


def room_of(
    state: NodeState, policy: PolicyView | None, owners: Container[str], whole: Resources | None = None
) -> NodeRoom:
    """Return the room of a node as it is. Fillers of a ParaSet that is not known are left to garbage collection.

    `whole` is what the work of fillers is measured by: the cluster, or, if left out, the node.
    """
    whole = state.node.allocatable if whole is None else whole
    # Charged once it is decided whether room is made for it: until then it is as that of a pod still to come.
    wanting = total_of(pod.wanting for pod in state.growing)
    fillers = [pod for pod in state.pods if pod.owner in owners]
    devices = device_rooms(state)
    return NodeRoom(
        node=state.node,
        policy=policy,
        others=minus(minus(state.held, total_of(pod.held for pod in fillers)), wanting),
        free_now=plus(minus(state.node.allocatable, state.held), wanting),
        coming=dict(state.leaving),
        preempted=state.preempted,
        shares=state.shares(whole),
        fillers=[pod for pod in fillers if not pod.is_terminating and not pod.is_finished],
        finished=[pod for pod in fillers if pod.is_finished and not pod.is_terminating],
        givers=givers_of(state),
        devices_now={name: tuple(max(0, left) for left in each.now) for name, each in devices.items()},
        devices=devices,
        whole=whole,
        growing=state.growing,
    )


def givers_of(state: NodeState) -> list[str]:
    """Return the pods of a node whose room is on its way."""
    # Who holds what it asks for gives nothing back: that is nearly everybody.
    return [pod.key for pod in state.pods if (pod.is_terminating or pod.held is not pod.requests) and pod.leaving]


def is_rigid(pod: Pod) -> bool:
    """Say whether a filler can't be resized: it does not run yet, or its node or an admission rule has said so."""
    return not pod.is_running or pod.resize is Resize.ERROR


def smallest_of(pod: Pod, shape: Shape) -> dict[str, int]:
    """Return what a filler holds once it has shrunk as far as it can."""
    return dict(pod.requests) if is_rigid(pod) else resized_by_shape(pod, shape, _kept_for_good(pod, shape))


def _kept_for_good(pod: Pod, shape: Shape) -> dict[str, int]:
    """Return the sizes of what a filler holds and can't give back while it runs."""
    return {
        each.resource: max(each.minimum, pod.sizes.get(each.resource, 0)) for each in shape.elastic if not each.shrinks
    }


def resized_by_shape(pod: Pod, shape: Shape, sizes: Resources) -> dict[str, int]:
    """Return what a filler holds at `sizes`: not less than its init containers ask for, whatever its own size."""
    if not shape.initial:
        wanted = {each.resource: sizes.get(each.resource, each.minimum) for each in shape.elastic}
        return resized(pod, wanted)
    if all(pod.sizes.get(each.resource) == sizes.get(each.resource, each.minimum) for each in shape.elastic):
        return dict(pod.requests)
    return plus(pod.requests, minus(shape.at(sizes), shape.at(pod.sizes)))


def resized(pod: Pod, sizes: Resources) -> dict[str, int]:
    """Return what a filler holds once its elastic resources are at `sizes`."""
    return plus(pod.requests, {name: amount - pod.sizes.get(name, 0) for name, amount in sizes.items()})
