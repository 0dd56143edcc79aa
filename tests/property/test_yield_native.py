"""Whom ParaSet evicts loses no more than whom kube-scheduler would evict for the same pod."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from plan_clusters import ANY, NOW, SETTINGS, seeded
from planning_cases import ls

from bench.native_preemption import victims_on
from paraset_operator.model.plan import DeletePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, devices_of, dominant_share, minus, plus, total_of
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.feasibility import may_run_on, policy_of
from paraset_operator.planning.lost_work import seconds_lost
from paraset_operator.planning.planner import plan_yield

SEEDS = st.integers(0, 10**9)
CROWDED = replace(ANY, calm=True, headroom=False, fillers=24, waiting=0)


def picture_of(seed: int) -> Snapshot:
    """Return a picture full of fillers that saved their state at all sorts of times."""
    made = seeded(seed, CROWDED)
    spread = [(7 * index + seed) % 13 for index in range(100)]
    nodes = tuple(
        replace(state, pods=tuple(_saved(pod, spread[place % 100]) for place, pod in enumerate(state.pods)))
        for state in made.nodes
    )
    return replace(made, nodes=nodes)


def _saved(pod: Pod, spread: int) -> Pod:
    if not pod.is_filler:
        return pod
    saved = NOW.wall - 7.0 * spread if spread % 2 else 0.0
    return replace(pod, started=NOW.wall - 60.0 * (spread + 1), checkpointed=saved)


def loss(victims: list[Pod], picture: Snapshot) -> float:
    owners = {owner.uid: owner for owner in picture.sets}
    whole = total_of(state.node.allocatable for state in picture.nodes)
    return sum(dominant_share(pod.requests, whole) * seconds_lost(pod, owners, NOW.wall) for pod in victims)


def surplus(victims: list[Pod], need: Resources, state: NodeState) -> int:
    """Return how many devices are released beyond what the pod lacks."""
    free = plus(minus(state.node.allocatable, state.held), state.leaving)
    lacking = {name: max(0, amount - max(0, free.get(name, 0))) for name, amount in devices_of(need).items()}
    released = devices_of(total_of(pod.requests for pod in victims))
    return sum(minus(released, lacking).values())


@SETTINGS
@given(SEEDS, st.integers(0, 8), st.integers(0, 3))
def test_nobody_loses_more_than_by_native_preemption(seed: int, cpu: int, gpus: int) -> None:
    picture, waiting = picture_of(seed), ls("first", cpu=cpu / 2, gpus=gpus, priority=10_000)
    releases = plan_yield(replace(picture, waiting=(waiting,)), NOW)
    release = next((each for each in releases if each.beneficiary.uid == waiting.uid), None)
    if release is None:
        return
    states = {state.node.name: state for state in picture.nodes}
    ours = [action.pod for action in release.actions if isinstance(action, DeletePod)]
    cost = (surplus(ours, waiting.requests, states[release.node]), loss(ours, picture))
    for state in picture.nodes:
        policy = policy_of(state.node, picture.policies)
        if policy is None or state.node.trouble or not may_run_on(waiting.constraints, state.node):
            continue
        native = victims_on(waiting.requests, state, 0, {})
        if native is not None and all(pod.is_filler for pod in native):
            theirs = (surplus(native, waiting.requests, state), loss(native, picture) + 1e-9)
            assert cost <= theirs
