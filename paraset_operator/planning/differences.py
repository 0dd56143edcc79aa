"""What differs between the planned instances and the running ones, as ordered actions.

Room is given before it is taken: departures, shrinks, then creates, then growth. A create or a grow that needs room
which is not free yet names what it waits `after`; it is not carried out before that has been seen to be gone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from paraset_operator.model.plan import Action, CreatePod, DeletePod, Reason, ResizePod
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.resources import Resources, fits, minus
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.feasibility import allowed_tolerations
from paraset_operator.planning.filling import Contender
from paraset_operator.planning.room import Instance, NodeRoom, is_rigid
from paraset_operator.planning.yielding import capped_grace


def actions_for(
    rooms: Mapping[str, NodeRoom],
    leaving: list[DeletePod],
    contenders: list[Contender],
    snapshot: Snapshot,
) -> tuple[Action, ...]:
    """Return the actions in the order to carry them out."""
    resizes = [action for room in rooms.values() for action in _resizes(room)]
    shrinks = [action for action in resizes if action.reason is not Reason.GROWS]
    open_now = {room.name: _open_for_fillers(room) for room in rooms.values()}
    givers = _givers(snapshot, leaving, shrinks)
    creates = [action for contender in contenders for action in _creates(contender, rooms.values(), open_now, givers)]
    grows = [_when_free(action, open_now, givers) for action in resizes if action.reason is Reason.GROWS]
    return (*leaving, *shrinks, *creates, *grows)


def _open_for_fillers(room: NodeRoom) -> dict[str, int]:
    reserve = room.policy.reserve_on(room.node.allocatable) if room.policy else {}
    return minus(room.open_now, reserve)


def _givers(snapshot: Snapshot, leaving: list[DeletePod], shrinks: list[ResizePod]) -> dict[str, tuple[str, ...]]:
    """Return, by node, the pods whose room is on its way."""
    names: dict[str, list[str]] = {}
    for state in snapshot.nodes:
        names[state.node.name] = [pod.key for pod in state.pods if pod.is_terminating or pod.held != pod.requests]
    for pod in (*(each.pod for each in leaving), *(each.pod for each in shrinks)):
        names.setdefault(pod.place, []).append(pod.key)
    return {node: tuple(keys) for node, keys in names.items()}


def _resizes(room: NodeRoom) -> list[ResizePod]:
    actions = []
    for instance in room.instances:
        pod = instance.pod
        if pod is None or is_rigid(pod) or all(pod.sizes.get(key) == size for key, size in instance.sizes.items()):
            continue
        reason = _resize_reason(pod, instance.sizes)
        actions.append(ResizePod(pod, instance.owner, dict(instance.sizes), instance.holds(), reason))
    return actions


def _resize_reason(pod: Pod, sizes: Resources) -> Reason:
    if pod.resize in (Resize.DEFERRED, Resize.INFEASIBLE, Resize.ERROR):
        return Reason.REVERTS
    return Reason.GROWS if any(size > pod.sizes.get(key, 0) for key, size in sizes.items()) else Reason.SHRINKS


def _creates(
    contender: Contender,
    rooms: Iterable[NodeRoom],
    open_now: dict[str, dict[str, int]],
    givers: Mapping[str, tuple[str, ...]],
) -> list[CreatePod]:
    actions = []
    for room in rooms:
        for instance in room.instances:
            if instance.pod is None and instance.owner is contender.owner and contender.pool:
                instance.index, predecessors = contender.pool.take()
                action = _create(instance, room, contender.owner)
                after = _missing_room(action.requests, room.name, open_now, givers)
                actions.append(replace(action, after=tuple(dict.fromkeys((*after, *predecessors)))))
    return actions


def _create(instance: Instance, room: NodeRoom, owner: ParaSetView) -> CreatePod:
    tolerations = allowed_tolerations(owner.constraints.tolerations, room.policy) if room.policy else ()
    return CreatePod(
        owner=owner,
        shape=instance.shape.name,
        index=instance.index,
        node=room.name,
        sizes=dict(instance.sizes),
        requests=instance.holds(),
        tolerations=tolerations,
        grace_seconds=capped_grace(owner, room.policy),
    )


def _when_free(
    action: ResizePod, open_now: dict[str, dict[str, int]], givers: Mapping[str, tuple[str, ...]]
) -> ResizePod:
    more = {key: amount for key, amount in minus(action.requests, action.pod.requests).items() if amount > 0}
    after = _missing_room(more, action.pod.place, open_now, givers)
    return replace(action, after=after)


def _missing_room(
    need: Resources, node: str, open_now: dict[str, dict[str, int]], givers: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Take the need from what is free now; return what it has to wait for if that is not enough."""
    if fits(need, open_now[node]):
        open_now[node] = minus(open_now[node], need)
        return ()
    return givers.get(node) or ("room on " + node,)
