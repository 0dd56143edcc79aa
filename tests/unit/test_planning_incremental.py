"""A planner that plans on from what it has seen: the same plan, for what has changed."""

from dataclasses import replace

import pytest
from planning_cases import amounts, creates, filler, ls, node, paraset, policy, shape, snapshot
from planning_outcome import applied

from paraset_operator.model.node import Node
from paraset_operator.model.plan import Plan
from paraset_operator.model.pod import Pod
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.openings import Mask, open_sets
from paraset_operator.planning.planner import Planner, plan, plan_yield
from paraset_operator.planning.problem import DeviceKind, Ints, Options

OWNER = paraset("s", shape("g", cpu=(1, 4), gpus=1, value=4), shape("c", cpu=(1, 8)), ceiling=20)
NODES = [node(f"n{at}", cpu=8, gpus=at % 3) for at in range(4)]
RUNNING = [filler(OWNER, 0, "n1", cpu=2), filler(OWNER, 1, "n2", cpu=4)]
BEFORE = snapshot(NODES, RUNNING, OWNER)


def after(*pods: Pod, nodes: list[Node] | None = None, **changes: object) -> Snapshot:
    picture = snapshot(nodes or NODES, [*RUNNING, *pods], OWNER)
    known = {state.node.name: state for state in BEFORE.nodes}
    states = tuple(known[each.node.name] if known.get(each.node.name) == each else each for each in picture.nodes)
    return replace(picture, nodes=states, **changes)  # type: ignore[arg-type]


CHANGES = [
    pytest.param(BEFORE, id="nothing"),
    pytest.param(after(ls(cpu=3, node="n3")), id="an LS pod was bound"),
    pytest.param(after(ls(cpu=7, gpus=1)), id="an LS pod waits"),
    pytest.param(after(filler(OWNER, 2, "n3", shape="c", cpu=3)), id="a filler runs"),
    pytest.param(after(nodes=NODES[1:]), id="a node is gone, its filler is not"),
    pytest.param(after(nodes=[*NODES, node("m1", cpu=4)]), id="a node came"),
    pytest.param(after(nodes=[*NODES, node("zz", cpu=4, gpus=8)]), id="a node came last"),
    pytest.param(after(nodes=[*NODES[:3], node("n3", cpu=2)]), id="a node is smaller"),
    pytest.param(after(nodes=[*NODES[:3], node("n3", trouble="NotReady")]), id="a node is in trouble"),
    pytest.param(after(sets=(replace(OWNER, ceiling=3),)), id="a smaller ceiling"),
    pytest.param(after(sets=(replace(OWNER, ceiling=40, generation=2),)), id="a larger ceiling"),
    pytest.param(after(sets=(replace(OWNER, weight=3),)), id="another weight"),
    pytest.param(after(sets=(replace(OWNER, shapes=OWNER.shapes[1:]),)), id="a shape less"),
    pytest.param(after(sets=(OWNER, paraset("t", shape(cpu=2), weight=3))), id="a set more"),
    pytest.param(after(sets=()), id="no set any more"),
    pytest.param(after(policies=(policy(reserve=amounts(cpu=3)),)), id="a larger reserve"),
    pytest.param(snapshot([], [], OWNER), id="no node any more"),
]


def onwards(picture: Snapshot) -> Plan:
    planner = Planner()
    planner.plan(BEFORE)
    return planner.plan(picture)


@pytest.mark.parametrize("picture", CHANGES)
def test_the_next_plan_is_that_of_a_planner_that_has_seen_nothing(picture: Snapshot) -> None:
    assert repr(onwards(picture)) == repr(plan(picture))


@pytest.mark.parametrize("picture", CHANGES)
def test_the_next_room_is_that_of_a_planner_that_has_seen_nothing(picture: Snapshot) -> None:
    planner = Planner()
    planner.plan(BEFORE)
    assert planner.plan_yield(picture) == plan_yield(picture)


@pytest.mark.parametrize("picture", CHANGES)
def test_what_was_seen_in_between_leaves_no_trace(picture: Snapshot) -> None:
    planner = Planner()
    first = planner.plan(BEFORE)
    planner.plan(picture)
    assert repr(planner.plan(BEFORE)) == repr(first)


def test_a_plan_that_was_carried_out_leaves_nothing_to_do() -> None:
    planner = Planner()
    outcome = planner.plan(BEFORE)
    assert creates(outcome)
    assert planner.plan(applied(BEFORE, outcome)).actions == ()


def test_room_that_was_made_in_one_call_is_not_taken_for_granted_in_the_next() -> None:
    planner, picture = Planner(), after(ls(cpu=7, gpus=1))
    assert planner.plan_yield(picture) == planner.plan_yield(picture) != ()


def test_another_ceiling_changes_nothing_that_is_known_of_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    planner, looked_at = Planner(), list[int]()
    planner.plan(BEFORE)

    def spied(options: Options, kinds: tuple[DeviceKind, ...], free: Ints, kept: Ints, sets: int) -> Mask:
        looked_at.append(len(free))
        return open_sets(options, kinds, free, kept, sets)

    monkeypatch.setattr("paraset_operator.planning.openings.open_sets", spied)
    planner.plan(after(sets=(replace(OWNER, ceiling=40, generation=2),)))
    assert sum(looked_at) == 0
