"""A planner that has seen other pictures before plans exactly as one that has seen none."""

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from plan_clusters import ANY, ANY_DEVICES, NOW, SETTINGS, Kind, on_devices, seeded
from planning_cases import ls, policy, snapshot, terminating
from planning_outcome import all_pods, applied

from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import fits, minus, total_of
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.planner import Planner

KINDS = st.sampled_from([ANY, ANY_DEVICES])
SEEDS = st.integers(0, 2**32)
FEW = settings(SETTINGS, max_examples=25)


def sequence(seed: int, kind: Kind, length: int = 6) -> list[Snapshot]:
    """Return pictures that follow from each other; states of nodes that stay as they are stay the same objects."""
    random = Random(seed)
    pictures = [seeded(random.randrange(2**32), kind)]
    while len(pictures) < length:
        pictures.append(shared(random.choice(CHANGES)(random, pictures[-1], kind), pictures[-1]))
    return pictures


def shared(new: Snapshot, old: Snapshot) -> Snapshot:
    """Return the new picture with the old one's objects wherever they are equal, as the cluster cache gives it."""
    known = {state.node.name: state for state in old.nodes}
    return replace(new, nodes=tuple(_same(state, known.get(state.node.name)) for state in new.nodes))


def _same(new: NodeState, old: NodeState | None) -> NodeState:
    return old if old == new and old is not None else new


def rebuilt(picture: Snapshot, pods: list[Pod]) -> Snapshot:
    return snapshot([state.node for state in picture.nodes], pods, picture.sets, picture.policies)


def carried_out(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    return on_devices(applied(picture, Planner().plan(picture, moment=NOW)))


def pod_gone(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    pods = all_pods(picture)
    random.shuffle(pods)
    return rebuilt(picture, pods[1:])


def pod_leaving(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    pods = all_pods(picture)
    random.shuffle(pods)
    return rebuilt(picture, [terminating(pod) for pod in pods[:2]] + pods[2:])


def ls_bound(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    state = random.choice(picture.nodes)
    pod = ls(f"more-{random.randrange(10**6)}", cpu=random.randint(1, 6) / 2, node=state.node.name)
    free = minus(state.node.allocatable, total_of(each.held for each in state.pods))
    return rebuilt(picture, [*all_pods(picture), *([pod] if fits(pod.held, free) else [])])


def ls_waiting(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    pod = ls(f"wait-{random.randrange(10**6)}", cpu=random.randint(1, 12) / 2, gpus=random.choice((0, 0, 1)))
    return rebuilt(picture, [*all_pods(picture), pod])


def node_gone(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    nodes = [state.node for state in picture.nodes]
    nodes.remove(random.choice(nodes))
    return snapshot(nodes, all_pods(picture), picture.sets, picture.policies) if nodes else picture


def node_added(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    other = random.choice(seeded(random.randrange(2**32), kind).nodes).node
    more = replace(other, name=f"{random.choice('amz')}{random.randrange(10**6)}")
    nodes = [*(state.node for state in picture.nodes), more]
    return snapshot(nodes, all_pods(picture), picture.sets, picture.policies)


def node_changed(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    nodes = [state.node for state in picture.nodes]
    at = random.randrange(len(nodes))
    nodes[at] = replace(nodes[at], trouble=random.choice(("", "NotReady", "Cordoned")))
    return snapshot(nodes, all_pods(picture), picture.sets, picture.policies)


def sets_changed(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    sets = [replace(each, ceiling=random.randint(0, 8), weight=random.randint(1, 3)) for each in picture.sets]
    return replace(picture, sets=tuple(sets[random.randint(0, 1) :] or sets))


def shapes_changed(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    others = seeded(random.randrange(2**32), kind).sets
    sets = [replace(mine, shapes=each.shapes) for mine, each in zip(picture.sets, others, strict=False)]
    return replace(picture, sets=(*sets, *picture.sets[len(sets) :]))


def policy_changed(random: Random, picture: Snapshot, kind: Kind) -> Snapshot:
    return replace(picture, policies=(policy(reserve={"cpu": random.randint(0, 3000)}),))


CHANGES = (
    carried_out,
    carried_out,
    pod_gone,
    pod_leaving,
    ls_bound,
    ls_waiting,
    node_gone,
    node_added,
    node_changed,
    sets_changed,
    shapes_changed,
    policy_changed,
)


@FEW
@given(SEEDS, KINDS)
def test_a_planner_that_saw_other_pictures_makes_the_same_plan(seed: int, kind: Kind) -> None:
    planner = Planner()
    for picture in sequence(seed, kind, 4):
        assert repr(planner.plan(picture, moment=NOW)) == repr(Planner().plan(picture, moment=NOW))


@FEW
@given(SEEDS, KINDS)
def test_a_planner_that_saw_other_pictures_makes_the_same_room(seed: int, kind: Kind) -> None:
    planner = Planner()
    for picture in sequence(seed, kind, 6):
        assert planner.plan_yield(picture, NOW) == Planner().plan_yield(picture, NOW)


@FEW
@given(SEEDS, KINDS)
def test_a_planner_that_made_room_in_between_makes_the_same_plan(seed: int, kind: Kind) -> None:
    planner = Planner()
    for turn, picture in enumerate(sequence(seed, kind, 6)):
        planner.plan_yield(picture, NOW)
        if turn % 2:
            assert repr(planner.plan(picture, moment=NOW)) == repr(Planner().plan(picture, moment=NOW))


@FEW
@given(SEEDS, SEEDS, KINDS)
def test_a_picture_of_another_cluster_leaves_no_trace(seed: int, other: int, kind: Kind) -> None:
    planner, picture = Planner(), seeded(seed, kind)
    planner.plan(seeded(other, kind), moment=NOW)
    assert repr(planner.plan(picture, moment=NOW)) == repr(Planner().plan(picture, moment=NOW))


@FEW
@given(SEEDS, KINDS)
def test_a_plan_leaves_no_trace_in_the_next_one_of_the_same_picture(seed: int, kind: Kind) -> None:
    planner, picture = Planner(), seeded(seed, kind)
    assert repr(planner.plan(picture, moment=NOW)) == repr(planner.plan(picture, moment=NOW))


@FEW
@given(SEEDS, KINDS, st.integers(1, 4))
def test_a_planner_that_was_prepared_bit_by_bit_makes_the_same_room(seed: int, kind: Kind, most: int) -> None:
    planner = Planner()
    for picture in sequence(seed, kind, 4):
        while not planner.prepare(picture, most):
            pass
        assert planner.plan_yield(picture, NOW) == Planner().plan_yield(picture, NOW)


@FEW
@given(SEEDS, KINDS)
def test_a_planner_that_was_prepared_in_part_makes_the_same_room(seed: int, kind: Kind) -> None:
    planner = Planner()
    for picture in sequence(seed, kind, 4):
        planner.prepare(picture, 1)
        assert planner.plan_yield(picture, NOW) == Planner().plan_yield(picture, NOW)
