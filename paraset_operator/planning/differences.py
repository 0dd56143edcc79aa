"""What differs between the planned instances and the running ones, as ordered actions.

Room is given before it is taken: departures, shrinks, then creates, then growth. A create or a grow that needs room
which is not free yet names what it waits `after`; it is not carried out before that has been seen to be gone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from paraset_operator.model.devices import Free, place, without
from paraset_operator.model.plan import Action, CreatePod, DeletePod, Reason, ResizePod
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.resources import Resources, fits, minus
from paraset_operator.planning.contenders import Contender
from paraset_operator.planning.creates import creates_for
from paraset_operator.planning.quiet_nodes import QuietNodes
from paraset_operator.planning.room import is_rigid
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Rows
from paraset_operator.planning.usual_nodes import ChangedNode


@dataclass(slots=True)
class _Open:
    """What is free at once on a node, in sum and on its devices, and the pods whose room is on its way."""

    free: dict[str, int]
    devices: dict[str, Free]
    sizes: Mapping[str, Free]
    givers: tuple[str, ...]

    def take(self, need: Resources) -> bool:
        """Take the need out of what is free; say whether there was enough."""
        if not fits(need, self.free):
            return False
        left = {}
        for name, free in self.devices.items():
            if amount := need.get(name, 0):
                placed = place(amount, free, self.sizes[name])
                if placed is None:
                    return False
                left[name] = without(free, placed)
        self.free = minus(self.free, need)
        self.devices |= left
        return True


def actions_for(
    rooms: Sequence[ChangedNode],
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
    creates = creates_for(rooms, contenders, quiet, survey, rows)
    if opened:
        creates = [_with_room(each, opened[each.node]) if each.node in opened else each for each in creates]
    grows = [_when_free(action, opened) for action in resizes if action.reason is Reason.GROWS]
    return (*leaving, *shrinks, *creates, *grows)


def _opened(rooms: Iterable[ChangedNode], leaving: list[DeletePod], shrinks: list[ResizePod]) -> dict[str, _Open]:
    givers: dict[str, list[str]] = {}
    for pod in (*(each.pod for each in leaving), *(each.pod for each in shrinks)):
        givers.setdefault(pod.place, []).append(pod.key)
    opened = {}
    for room in rooms:
        reserve = room.policy.reserve_on(room.node.allocatable) if room.policy else {}
        names = (*room.givers, *givers.get(room.name, ()))
        opened[room.name] = _Open(minus(room.open_now, reserve), dict(room.devices_now), room.node.devices, names)
    return opened


def _resizes(room: ChangedNode) -> list[ResizePod]:
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


def _with_room(create: CreatePod, opened: _Open) -> CreatePod:
    """Return a create that waits for its room too."""
    missing = _missing_room(create.requests, opened, create.node)
    return msgspec.structs.replace(create, after=tuple(dict.fromkeys((*missing, *create.after)))) if missing else create


def _when_free(action: ResizePod, opened: Mapping[str, _Open]) -> ResizePod:
    more = {key: amount for key, amount in minus(action.requests, action.pod.requests).items() if amount > 0}
    after = _missing_room(more, opened[action.pod.place], action.pod.place)
    return replace(action, after=after)


def _missing_room(need: Resources, opened: _Open, node: str) -> tuple[str, ...]:
    """Take the need from what is free now; return what it has to wait for if that is not enough."""
    return () if opened.take(need) else opened.givers or ("room on " + node,)
