"""Room for LS pods on devices of which parts are handed out: enough on one device, and nobody leaves in vain."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from plan_clusters import ANY_DEVICES, MILLI, NOW, PARTS, SETTINGS, UNIT, free_devices, seeded
from planning_cases import amounts, ls

from paraset_operator.model.devices import place, without
from paraset_operator.model.node import Node
from paraset_operator.model.plan import DeletePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import HeadroomShape
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.demand import queue_of
from paraset_operator.planning.planner import plan, plan_yield
from paraset_operator.planning.room import room_of
from paraset_operator.planning.victims import least_cost, sacrifice_for

SEEDS = st.integers(0, 10**9)
NEEDS = st.sampled_from([*PARTS, UNIT, 2 * UNIT, 3 * UNIT])


def crowded(seed: int) -> Snapshot:
    """Return a picture in which more fillers run and more LS pods wait than else."""
    return seeded(seed, replace(ANY_DEVICES, fillers=24, waiting=6))


def finds_devices(need: int, at: Node, stay: list[Pod], promised: list[int]) -> bool:
    """Say whether a pod finds its devices beside these pods, once others have been given theirs."""
    sizes = at.devices[MILLI]
    free = free_devices(at, MILLI, stay)
    for each in promised:
        free = without(free, place(each, free, sizes) or ())
    return place(need, free, sizes) is not None


@SETTINGS
@given(SEEDS)
def test_the_urgent_path_decides_as_the_whole_plan_does(seed: int) -> None:
    picture = crowded(seed)
    assert plan_yield(picture, NOW) == plan(picture, moment=NOW).releases


@SETTINGS
@given(SEEDS, NEEDS)
def test_the_urgent_path_keeps_headroom_as_the_whole_plan_does(seed: int, need: int) -> None:
    picture = crowded(seed)
    shapes = [
        HeadroomShape(f"{lends}", {**amounts(cpu=1), MILLI: need}, copies=2, lends_devices=lends)
        for lends in (True, False)
    ]
    picture = replace(picture, policies=tuple(replace(each, headroom=tuple(shapes)) for each in picture.policies))
    assert plan_yield(picture, NOW) == plan(picture, moment=NOW).releases


@SETTINGS
@given(SEEDS)
def test_no_one_is_evicted_for_a_pod_that_is_nominated(seed: int) -> None:
    picture = crowded(seed)
    nominated = {pod.uid for pod in picture.waiting if pod.nominated}
    assert not [each for each in plan_yield(picture, NOW) if each.beneficiary.uid in nominated]


@SETTINGS
@given(SEEDS, NEEDS)
def test_once_its_victims_have_left_a_pod_finds_its_devices(seed: int, need: int) -> None:
    """The first release of a plan, whose node holds no promise yet but to nominated pods."""
    picture = crowded(seed)
    waiting = ls("first", cpu=0.5, priority=10_000)
    waiting = replace(waiting, requests={**waiting.requests, MILLI: need}, held={**waiting.held, MILLI: need})
    releases = plan_yield(replace(picture, waiting=(waiting, *picture.waiting)), NOW)
    if not releases or releases[0].beneficiary.uid != waiting.uid:
        return
    state = next(state for state in picture.nodes if state.node.name == releases[0].node)
    if MILLI in state.node.devices:
        victims = {action.pod.uid for action in releases[0].actions if isinstance(action, DeletePod)}
        stay = [each for each in state.pods if not each.is_terminating and each.uid not in victims]
        promised = [
            each.requests.get(MILLI, 0) for each in queue_of(picture.waiting) if each.nominated == state.node.name
        ]
        assert finds_devices(need, state.node, stay, promised)


@SETTINGS
@given(SEEDS, NEEDS, st.integers(0, 8))
def test_the_quick_look_at_a_node_never_finds_more_cost_than_there_is(seed: int, need: int, cpu: int) -> None:
    """Or a cheaper node would not be looked at; and it finds room wherever there is some."""
    picture = crowded(seed)
    owners = {owner.uid: owner for owner in picture.sets}
    wanted = {**amounts(cpu=cpu / 2, pods=1), MILLI: need}
    for state in picture.nodes:
        room = room_of(state, picture.policies[0], owners)
        offer = sacrifice_for(wanted, room, owners, NOW.wall)
        bound = least_cost(wanted, room, owners, NOW.wall)
        if offer is not None and not room.fits_soon(wanted):
            assert bound is not None
            assert bound <= offer.cost


@SETTINGS
@given(SEEDS, NEEDS)
def test_devices_that_could_be_emptied_are_found_and_each_victim_is_needed(seed: int, need: int) -> None:
    picture = crowded(seed)
    owners = {owner.uid: owner for owner in picture.sets}
    for state in picture.nodes:
        if MILLI not in state.node.devices:
            continue
        room = room_of(state, picture.policies[0], owners)
        known = [pod for pod in room.fillers if pod.uid and (pod.on_devices or not pod.requests.get(MILLI))]
        stay = [pod for pod in state.pods if not pod.is_terminating]
        rest = [pod for pod in stay if pod not in known]
        offer = sacrifice_for({MILLI: need}, room, owners, NOW.wall)
        assert (offer is not None) == finds_devices(need, state.node, rest, [])
        for victim in offer.victims if offer else ():
            left = [pod for pod in stay if pod is victim or (offer and pod not in offer.victims)]
            assert not finds_devices(need, state.node, left, [])
