"""What differs between the planned instances and the running ones, as ordered actions.

Room is given before it is taken: departures, shrinks, then creates, then growth. A create or a grow that needs room
which is not free yet names what it waits `after`; it is not carried out before that has been seen to be gone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from paraset_operator.model.constraints import Toleration
from paraset_operator.model.devices import Free, place, without
from paraset_operator.model.plan import Action, CreatePod, DeletePod, Reason, ResizePod
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.resources import Resources, fits, minus
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.contenders import Contender
from paraset_operator.planning.feasibility import allowed_tolerations
from paraset_operator.planning.names import IndexPool
from paraset_operator.planning.quiet_nodes import QuietNodes
from paraset_operator.planning.room import Instance, NodeRoom, is_rigid
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.yielding import capped_grace


@dataclass(slots=True)
class _Open:
    """What is free at once on a node, in sum and on its devices, and the pods whose room is on its way."""

    free: dict[str, int]
    devices: dict[str, Free]
    sizes: Mapping[str, Free]
    givers: tuple[str, ...]

    def take(self, need: Resources) -> bool:
        """Take the need out of what is free; say whether there was enough."""
        placed = {name: place(need.get(name, 0), free, self.sizes[name]) for name, free in self.devices.items()}
        if not fits(need, self.free) or any(each is None for each in placed.values()):
            return False
        self.free = minus(self.free, need)
        for name, each in placed.items():
            self.devices[name] = without(self.devices[name], each or ())
        return True


def actions_for(
    rooms: Sequence[NodeRoom],
    leaving: list[DeletePod],
    contenders: Sequence[Contender],
    quiet: QuietNodes,
    survey: Survey,
) -> tuple[Action, ...]:
    """Return the actions in the order to carry them out; `rooms` are all nodes where anything changes by itself."""
    resizes = [action for room in rooms for action in _resizes(room)]
    shrinks = [action for action in resizes if action.reason is not Reason.GROWS]
    opened = _opened(rooms, leaving, shrinks)
    creates: list[CreatePod] = []
    for row, contender in enumerate(contenders):
        if contender.pool is not None:
            new = [room for room in rooms if any(_is_new(each, contender.owner) for each in room.instances)]
            creates += _creates(row, contender.owner, contender.pool, new, opened, quiet, survey)
    grows = [_when_free(action, opened) for action in resizes if action.reason is Reason.GROWS]
    return (*leaving, *shrinks, *creates, *grows)


def _is_new(instance: Instance, owner: ParaSetView) -> bool:
    return instance.pod is None and instance.owner is owner


def _opened(rooms: Iterable[NodeRoom], leaving: list[DeletePod], shrinks: list[ResizePod]) -> dict[str, _Open]:
    givers: dict[str, list[str]] = {}
    for pod in (*(each.pod for each in leaving), *(each.pod for each in shrinks)):
        givers.setdefault(pod.place, []).append(pod.key)
    opened = {}
    for room in rooms:
        reserve = room.policy.reserve_on(room.node.allocatable) if room.policy else {}
        names = (*room.givers, *givers.get(room.name, ()))
        opened[room.name] = _Open(minus(room.open_now, reserve), dict(room.devices_now), room.node.devices, names)
    return opened


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
    of: int,
    owner: ParaSetView,
    pool: IndexPool,
    rooms: Iterable[NodeRoom],
    opened: Mapping[str, _Open],
    quiet: QuietNodes,
    survey: Survey,
) -> Iterator[CreatePod]:
    """Yield what is new of a set, node by node."""
    by_row = {survey.row_of[room.name]: room for room in rooms}
    alone = quiet.of_set(of)
    for row in sorted({*by_row, *alone}):
        name = survey.states[row].node.name
        if row in by_row:
            yield from _creates_on(by_row[row], owner, pool, opened[name])
            continue
        tolerations, grace = _terms(owner, survey.policies[row])
        for shape, sizes, requests in alone[row]:
            index, after = pool.take()
            yield CreatePod(owner, shape, index, name, sizes, requests, tolerations, grace, after=after)


def _creates_on(room: NodeRoom, owner: ParaSetView, pool: IndexPool, opened: _Open) -> Iterator[CreatePod]:
    tolerations, grace = _terms(owner, room.policy)
    for instance in room.instances:
        if _is_new(instance, owner):
            instance.index, predecessors = pool.take()
            requests = instance.holds()
            after = tuple(dict.fromkeys((*_missing_room(requests, opened, room.name), *predecessors)))
            yield CreatePod(
                owner,
                instance.shape.name,
                instance.index,
                room.name,
                dict(instance.sizes),
                requests,
                tolerations,
                grace,
                after=after,
            )


def _terms(owner: ParaSetView, policy: PolicyView | None) -> tuple[tuple[Toleration, ...], int]:
    """Return the tolerations a filler keeps under a policy, and the grace it has."""
    tolerations = allowed_tolerations(owner.constraints.tolerations, policy) if policy else ()
    return tolerations, capped_grace(owner, policy)


def _when_free(action: ResizePod, opened: Mapping[str, _Open]) -> ResizePod:
    more = {key: amount for key, amount in minus(action.requests, action.pod.requests).items() if amount > 0}
    after = _missing_room(more, opened[action.pod.place], action.pod.place)
    return replace(action, after=after)


def _missing_room(need: Resources, opened: _Open, node: str) -> tuple[str, ...]:
    """Take the need from what is free now; return what it has to wait for if that is not enough."""
    return () if opened.take(need) else opened.givers or ("room on " + node,)
