"""What is on the nodes once a plan has been carried out: running fillers that stay, resized or not, and new ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.oracle.coupling import Achieved
from bench.oracle.problem import Problem
from paraset_operator.model.plan import CreatePod, DeletePod, Plan, ResizePod
from paraset_operator.model.resources import Resources, dominant_share, plus
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.worth import worth_of


@dataclass(frozen=True, slots=True)
class Held:
    """A filler: whose, where, its shape, its elastic sizes, and all it holds."""

    owner: ParaSetView
    name: str
    node: str
    shape: Shape
    sizes: Resources
    requests: Resources
    is_new: bool = True


def instances_after(snapshot: Snapshot, outcome: Plan) -> list[Held]:
    """Return the fillers of known sets and shapes once all actions are done."""
    released = [action for release in outcome.releases for action in release.actions]
    actions = [*released, *outcome.actions]
    gone = {action.pod.uid for action in actions if isinstance(action, DeletePod)}
    resized = {action.pod.uid: action for action in actions if isinstance(action, ResizePod)}
    owners = {owner.uid: owner for owner in snapshot.sets}
    kept = []
    for state in snapshot.nodes:
        for pod in state.pods:
            owner = owners.get(pod.owner)
            shape = owner.shape(pod.shape) if owner else None
            if owner is None or shape is None or pod.is_terminating or pod.is_finished or pod.uid in gone:
                continue
            change = resized.get(pod.uid)
            sizes, requests = (change.sizes, change.requests) if change else (pod.sizes, pod.requests)
            kept.append(Held(owner, pod.name, state.node.name, shape, sizes, requests, is_new=False))
    return kept + [made_by(action) for action in actions if isinstance(action, CreatePod)]


def made_by(action: CreatePod) -> Held:
    """Return the filler that an action makes."""
    shape = action.owner.shape(action.shape)
    if shape is None:
        raise ValueError(f"{action.owner.key} has no shape {action.shape}")
    return Held(action.owner, action.pod, action.node, shape, action.sizes, action.requests)


def worth_after(fillers: Iterable[Held], problem: Problem) -> float:
    """Return what fillers are worth together, in the plan's worth."""
    scales = {owner.uid: scale for owner, scale in zip(problem.owners, problem.scales, strict=True)}
    return sum(scales[each.owner.uid] * worth_of(each.shape, each.sizes) for each in fillers)


def shares_of(fillers: Sequence[Held], problem: Problem) -> dict[str, float]:
    """Return the dominant share of what is fillable by set key and by namespace."""
    held: dict[str, Resources] = {}
    for each in fillers:
        for key in (each.owner.key, each.owner.namespace):
            held[key] = plus(held.get(key, {}), each.requests)
    return {key: dominant_share(amounts, problem.fillable) for key, amounts in held.items()}


def achieved_by(fillers: Sequence[Held], problem: Problem) -> Achieved:
    """Return what fillers give their sets. A floor counts only growth that is worth something, as the model does."""
    columns = {(problem.owners[it.owner].uid, it.shape): it for it in problem.columns}
    parts: dict[tuple[str, str], float] = {}
    for each in fillers:
        column = columns.get((each.owner.uid, each.shape.name))
        grows = {it.resource for it in column.growths} if column else set()
        for name, amount in each.shape.smallest.items():
            used = each.requests.get(name, 0) if name in grows else amount
            if problem.fillable.get(name, 0) > 0:
                key = each.owner.key, name
                parts[key] = parts.get(key, 0.0) + min(used, each.requests.get(name, 0)) / problem.fillable[name]
    return Achieved(shares_of(fillers, problem), parts)
