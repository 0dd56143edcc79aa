"""What a cluster looks like once a plan has been carried out, and once the scheduler has done its part."""

from collections.abc import Iterable
from dataclasses import replace

from planning_cases import creates, deletes, resizes, running, snapshot

from paraset_operator.model.plan import Action, CreatePod, Plan, ResizePod
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.policy import DEFAULT_POLICY, PacingRules
from paraset_operator.model.resources import Resources, fits, minus, plus, total_of
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.feasibility import may_run_on
from paraset_operator.planning.pacing import Pacing, with_reclaim


def all_pods(picture: Snapshot) -> list[Pod]:
    return [*(pod for state in picture.nodes for pod in state.pods), *picture.waiting]


def applied(picture: Snapshot, plan: Plan) -> Snapshot:
    """Return the picture after every action, waiting ones too: victims gone, resizes done, new fillers running.

    LS pods that got room are nominated to it; that the scheduler then binds them is another event, as is all else.
    """
    homes = {release.beneficiary.uid: release.node for release in plan.releases}
    gone = {each.pod.uid for each in deletes(plan)} | {pod.uid for pod in all_pods(picture) if _ends(pod, picture)}
    pods = {
        pod.key: replace(pod, nominated=homes.get(pod.uid, pod.nominated))
        for pod in all_pods(picture)
        if pod.uid not in gone
    }
    for resize in resizes(plan):
        if resize.pod.key in pods:
            pods[resize.pod.key] = resized(pods[resize.pod.key], resize)
    for create in creates(plan):
        shape = create.owner.shape(create.shape)
        assert shape is not None
        pod = running(create.owner, shape, create.index, create.node, create.sizes)
        assert pod.requests == create.requests
        assert pod.key not in pods
        pods[pod.key] = pod
    return snapshot([state.node for state in picture.nodes], pods.values(), picture.sets, picture.policies)


def applied_at_once(picture: Snapshot, plan: Plan) -> Snapshot:
    """Return the picture after all actions that need not wait until others are done."""
    return applied(picture, replace(plan, actions=tuple(each for each in plan.actions if not _waits(each))))


def _waits(action: Action) -> bool:
    return isinstance(action, CreatePod | ResizePod) and bool(action.after)


def _ends(pod: Pod, picture: Snapshot) -> bool:
    return pod.is_terminating and pod.owner in {owner.uid for owner in picture.sets}


def resized(pod: Pod, resize: ResizePod) -> Pod:
    """Return the filler with the resize done, and with what it then holds by its shape's own rule."""
    shape = resize.owner.shape(pod.shape)
    assert shape is not None
    sizes = dict(pod.sizes) | dict(resize.sizes)
    requests = plus(pod.requests, minus(shape.at(sizes), shape.at(pod.sizes)))
    return replace(pod, sizes=sizes, allocated=sizes, held=requests, requests=requests, resize=Resize.NONE)


def paced(plan: Plan, pacing: Pacing | None = None, now: float = 0.0) -> Pacing:
    """Return what is remembered after the plan: the nodes that gave room cool down."""
    pacing = pacing or Pacing()
    for release in plan.releases:
        pacing = with_reclaim(pacing, release.node, now, PacingRules())
    return pacing


def scheduled(picture: Snapshot) -> Snapshot:
    """Return the picture after the scheduler has bound all LS pods that fit, where it prefers: most cores open."""
    open_now = {state.node.name: _free(state.node.allocatable, state.pods) for state in picture.nodes}
    nodes = {state.node.name: state.node for state in picture.nodes}
    pods = {pod.key: pod for pod in all_pods(picture)}
    queue = [pod for pod in picture.waiting if not (pod.is_filler or pod.is_gated or pod.is_terminating)]
    for pod in queue:
        if pod.nominated in nodes:
            open_now[pod.nominated] = minus(open_now[pod.nominated], pod.requests)
    for pod in sorted(queue, key=lambda pod: (-pod.priority, pod.created, pod.namespace, pod.name)):
        fitting = [
            name
            for name, node in nodes.items()
            if node.trouble in ("", "Cordoned")
            and may_run_on(pod.constraints, node)
            and fits(pod.requests, open_now[name])
        ]
        if fitting and pod.nominated not in nodes:
            home = min(fitting, key=lambda name: (-open_now[name].get("cpu", 0), name))
            open_now[home] = minus(open_now[home], pod.requests)
            pods[pod.key] = replace(pod, node=home, is_running=True)
    return snapshot(list(nodes.values()), pods.values(), picture.sets, picture.policies)


def _free(allocatable: Resources, pods: Iterable[Pod]) -> dict[str, int]:
    return minus(allocatable, total_of(pod.held for pod in pods))


def reserve_of(picture: Snapshot, name: str) -> dict[str, int]:
    """Return what is never lent of a node in a picture with one policy at most."""
    policy = picture.policies[0] if picture.policies else DEFAULT_POLICY
    node = next(state.node for state in picture.nodes if state.node.name == name)
    return policy.reserve_on(node.allocatable)


def numbers_as_created(picture: Snapshot, plan: Plan, owner: ParaSetView) -> list[int]:
    """Return how many pods of a set there are after each of its creates, sent once what it waits for is gone."""
    there, numbers = {pod.key for pod in all_pods(picture) if pod.owner == owner.uid}, []
    for create in [each for each in creates(plan) if each.owner is owner]:
        there -= set(create.after)
        there.add(f"{owner.namespace}/{create.pod}")
        numbers.append(len(there))
    return numbers
