"""Who is where once a plan is carried out: the fillers that stay, at their planned sizes, and those to be made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paraset_operator.model.plan import Action, CreatePod, DeletePod, Plan, ResizePod
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.resources import Resources
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class PlannedFiller:
    """A filler after the plan; `slack` is what it can still shrink by. `is_new`: it is yet to be made."""

    owner: ParaSetView
    shape: str
    node: str
    requests: Resources
    slack: Resources
    is_new: bool = False


def planned_fillers(snapshot: Snapshot, plan: Plan) -> list[PlannedFiller]:
    """Return all fillers of the sets in the snapshot that the plan keeps or makes, in a fixed order."""
    return [*_kept(snapshot, plan), *(_made(each) for each in actions_of(plan) if isinstance(each, CreatePod))]


def actions_of(plan: Plan) -> Iterator[Action]:
    """Yield all actions in the order they are carried out, those of releases first."""
    for release in plan.releases:
        yield from release.actions
    yield from plan.actions


def fillers_now(snapshot: Snapshot, owner: ParaSetView) -> list[Pod]:
    """Return the fillers of a set that are not on their way out."""
    states = (pod for state in snapshot.nodes for pod in state.pods)
    own = (pod for pod in (*snapshot.waiting, *states) if pod.owner == owner.uid)
    return [pod for pod in own if not pod.is_terminating and not pod.is_finished]


def _kept(snapshot: Snapshot, plan: Plan) -> Iterator[PlannedFiller]:
    owners = {owner.uid: owner for owner in snapshot.sets}
    actions = list(actions_of(plan))
    leaving = {each.pod.uid for each in actions if isinstance(each, DeletePod)}
    resizes = {each.pod.uid: each for each in actions if isinstance(each, ResizePod)}
    for state in snapshot.nodes:
        for pod in state.pods:
            if pod.owner in owners and pod.uid not in leaving and not pod.is_terminating and not pod.is_finished:
                yield _resized(pod, owners[pod.owner], resizes.get(pod.uid))


def _resized(pod: Pod, owner: ParaSetView, resize: ResizePod | None) -> PlannedFiller:
    sizes, requests = (resize.sizes, resize.requests) if resize else (pod.sizes, pod.requests)
    is_rigid = not pod.is_running or pod.resize is Resize.ERROR
    slack = {} if is_rigid else _slack(owner.shape(pod.shape), sizes)
    return PlannedFiller(owner, pod.shape, pod.place, requests, slack)


def _made(action: CreatePod) -> PlannedFiller:
    slack = _slack(action.owner.shape(action.shape), action.sizes)
    return PlannedFiller(action.owner, action.shape, action.node, action.requests, slack, is_new=True)


def _slack(shape: Shape | None, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return what an instance of these sizes holds beyond its smallest; what init containers ask for at once stays."""
    if shape is None:
        return {}
    now, smallest = shape.at(sizes), shape.smallest
    return {name: now[name] - smallest.get(name, 0) for name in now if now[name] > smallest.get(name, 0)}
