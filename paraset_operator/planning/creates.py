"""What is new as actions, node by node, each filler with its name and the terms of its node."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias, TypeVar

import msgspec
import numpy as np

from paraset_operator.model.constraints import Toleration
from paraset_operator.model.plan import CreatePod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.contenders import Contender
from paraset_operator.planning.device_order import in_order
from paraset_operator.planning.feasibility import allowed_tolerations
from paraset_operator.planning.new_fillers import Kind, NewFillers
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.quiet_nodes import QuietNodes
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Rows
from paraset_operator.planning.usual_nodes import ChangedNode
from paraset_operator.planning.yielding import capped_grace

T = TypeVar("T")
# The tolerations a filler keeps, and the grace it has.
_Terms: TypeAlias = tuple[tuple[Toleration, ...], int]


def creates_for(
    rooms: Iterable[ChangedNode], contenders: Sequence[Contender], quiet: QuietNodes, survey: Survey, planned: Rows
) -> list[CreatePod]:
    """Return what is new; `after` are pods whose place or name a filler needs, whether there is room or not.

    On a node who takes most of a device comes first, so that all find one.
    """
    new = _all_new(rooms, quiet, survey, planned)
    if not len(new):
        return []
    shapes, kinds = new.shapes, new.kinds
    owner = survey.ground.owners[shapes]
    numbers, after = _numbers(contenders, owner)
    nodes, node = np.unique(new.rows, return_inverse=True)
    terms, which = _terms_of(contenders, [survey.policies[row] for row in nodes.tolist()], node, owner)
    creates = list(
        map(
            CreatePod,
            _each((each.owner for each in contenders), owner),
            _each((shape.name for _, shape in survey.ground.shapes), shapes),
            numbers,
            _each((survey.states[row].node.name for row in nodes.tolist()), node),
            _each((kind.sizes for kind in kinds), new.which),
            _each((kind.holds for kind in kinds), new.which),
            _each((tolerations for tolerations, _ in terms), which),
            _each((grace for _, grace in terms), which),
        )
    )
    for place, names in after.items():
        creates[place] = msgspec.structs.replace(creates[place], after=names)
    return creates


def _each(values: Iterable[T], which: Ints) -> list[T]:
    """Return the value of each filler."""
    picked: list[T] = np.fromiter(values, dtype=np.object_)[which].tolist()
    return picked


def _numbers(contenders: Sequence[Contender], owner: Ints) -> tuple[list[int], dict[int, tuple[str, ...]]]:
    """Return the index of each filler, and what has to be gone first, by the place of the filler."""
    numbers, after = np.zeros(len(owner), dtype=np.int64), dict[int, tuple[str, ...]]()
    for of, contender in enumerate(contenders):
        mine = np.flatnonzero(owner == of)
        if len(mine):
            assert contender.pool is not None
            free, waiting = contender.pool.take_many(len(mine))
            numbers[mine] = [*free, *(index for index, _ in waiting)]
            after.update(zip(mine[len(free) :].tolist(), (names for _, names in waiting), strict=True))
    return numbers.tolist(), after


def _terms_of(
    contenders: Sequence[Contender], of_nodes: Sequence[PolicyView | None], node: Ints, owner: Ints
) -> tuple[list[_Terms], Ints]:
    """Return all terms there are, by policy and set, and which of them each filler has."""
    policies = {id(policy): policy for policy in of_nodes}
    place = {key: index for index, key in enumerate(policies)}
    of_node = np.array([place[id(policy)] for policy in of_nodes], dtype=np.int64)
    terms = [_terms(each.owner, policy) for policy in policies.values() for each in contenders]
    return terms, of_node[node] * len(contenders) + owner


def _terms(owner: ParaSetView, policy: PolicyView | None) -> _Terms:
    tolerations = allowed_tolerations(owner.constraints.tolerations, policy) if policy else ()
    return tolerations, capped_grace(owner, policy)


def _all_new(rooms: Iterable[ChangedNode], quiet: QuietNodes, survey: Survey, planned: Rows) -> NewFillers:
    """Return all that is new, by row."""
    ground = survey.ground
    order = np.arange(len(ground.shapes))
    if ground.tracked:
        order = np.lexsort((order, ground.owners, -np.array(ground.bulk, dtype=np.int64)))
    new = _new_instances(rooms, survey).beside(quiet.fillers(order))
    return new.at(in_order(ground, planned, new.rows, new.shapes)) if ground.tracked else new


def _new_instances(rooms: Iterable[ChangedNode], survey: Survey) -> NewFillers:
    """Return the new instances of nodes where something else changes too."""
    ground = survey.ground
    shapes = {(ground.sets[of].uid, shape.name): index for index, (of, shape) in enumerate(ground.shapes)}
    kinds: dict[tuple[int, ...], Kind] = {}
    new = []
    for room in rooms:
        for each in room.instances:
            if each.pod is None:
                shape = shapes[each.owner.uid, each.shape.name]
                key = (shape, *each.sizes.values())
                if key not in kinds:
                    kinds[key] = Kind(shape, dict(each.sizes), each.holds())
                new.append((survey.row_of[room.name], kinds[key]))
    if ground.tracked:
        new.sort(key=lambda each: (-ground.bulk[each[1].shape], ground.shapes[each[1].shape][0]))
    return NewFillers.of(new)
