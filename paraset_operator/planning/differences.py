"""What differs between the planned instances and the running ones, as ordered actions.

Room is given before it is taken: departures, shrinks, then creates, then growth. A create or a grow that needs room
which is not free yet names what it waits `after`; it is not carried out before that has been seen to be gone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TypeAlias

from paraset_operator.model.constraints import Toleration
from paraset_operator.model.devices import Free, place, without
from paraset_operator.model.plan import Action, CreatePod, DeletePod, Reason, ResizePod
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.resources import Resources, fits, minus
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.contenders import Contender
from paraset_operator.planning.device_order import in_order, misfits
from paraset_operator.planning.feasibility import allowed_tolerations
from paraset_operator.planning.quiet_nodes import QuietNodes
from paraset_operator.planning.room import Instance, NodeRoom, is_rigid
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Ground, Rows
from paraset_operator.planning.yielding import capped_grace

# What it takes of a device (negative, for the order), its set, its shape, sizes, all it holds, and the instance if any.
_New: TypeAlias = tuple[int, int, int, dict[str, int], dict[str, int], Instance | None]


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
    rows: Rows,
) -> tuple[Action, ...]:
    """Return the actions in the order to carry them out; `rooms` are all nodes where anything changes by itself."""
    resizes = [action for room in rooms for action in _resizes(room)]
    shrinks = [action for action in resizes if action.reason is not Reason.GROWS]
    opened = _opened(rooms, leaving, shrinks)
    creates = _creates(rooms, opened, contenders, quiet, survey, rows)
    grows = [_when_free(action, opened) for action in resizes if action.reason is Reason.GROWS]
    return (*leaving, *shrinks, *creates, *grows)


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
    rooms: Iterable[NodeRoom],
    opened: Mapping[str, _Open],
    contenders: Sequence[Contender],
    quiet: QuietNodes,
    survey: Survey,
    planned: Rows,
) -> list[CreatePod]:
    """Return what is new, node by node; on a node who takes most of a device comes first, so that all find one."""
    ground, new = survey.ground, _all_new(rooms, contenders, quiet, survey, planned)
    creates: list[CreatePod] = []
    for row in sorted(new):
        name, policy = survey.states[row].node.name, survey.policies[row]
        terms = [_terms(each.owner, policy) for each in contenders]
        free = opened.get(name)
        for _, of, index, sizes, requests, instance in new[row]:
            pool = contenders[of].pool
            if pool is None:
                continue
            number, after = pool.take()
            if free is not None:
                after = tuple(dict.fromkeys((*_missing_room(requests, free, name), *after)))
            if instance is not None:
                instance.index = number
            shape = ground.shapes[index][1].name
            creates.append(
                CreatePod(contenders[of].owner, shape, number, name, sizes, requests, *terms[of], after=after)
            )
    return creates


def _all_new(
    rooms: Iterable[NodeRoom], contenders: Sequence[Contender], quiet: QuietNodes, survey: Survey, planned: Rows
) -> dict[int, list[_New]]:
    """Return all that is new, by row."""
    ground, new = survey.ground, _new_instances(rooms, contenders, survey)
    for of in range(len(contenders)):
        for row, made in quiet.of_set(of).items():
            new.setdefault(row, []).extend((-ground.bulk[at], of, at, sizes, held, None) for at, sizes, held in made)
    if ground.tracked:
        for each in new.values():
            each.sort(key=itemgetter(0, 1))
        alone = {*quiet.at.tolist()} - {*misfits(ground, planned, quiet.at, quiet.new).tolist()}
        for row in new.keys() - alone:
            new[row] = _by_device(new[row], row, planned, ground)
    return new


def _by_device(new: list[_New], row: int, rows: Rows, ground: Ground) -> list[_New]:
    """Return new fillers in an order in which each finds its device."""
    for kind, name in enumerate(ground.tracked):
        unit, free = int(rows.unit[row, kind]), rows.devices[row, kind].tolist()
        if unit and any(each[4].get(name, 0) for each in new):
            return [new[index] for index in in_order(free, unit, [each[4].get(name, 0) for each in new])]
    return new


def _new_instances(rooms: Iterable[NodeRoom], contenders: Sequence[Contender], survey: Survey) -> dict[int, list[_New]]:
    """Return the new instances of nodes where something else changes too, by row."""
    ground, of = survey.ground, {each.owner.uid: row for row, each in enumerate(contenders)}
    shapes = {(owner, shape.name): index for index, (owner, shape) in enumerate(ground.shapes)}
    new: dict[int, list[_New]] = {}
    for room in rooms:
        for each in room.instances:
            if each.pod is None:
                owner = of[each.owner.uid]
                index = shapes[owner, each.shape.name]
                made = (-ground.bulk[index], owner, index, dict(each.sizes), each.holds(), each)
                new.setdefault(survey.row_of[room.name], []).append(made)
    return new


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
