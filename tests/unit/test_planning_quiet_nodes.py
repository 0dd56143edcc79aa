"""New fillers where nothing else changes are sized in arrays, as each node by itself would size them."""

from random import Random

import numpy as np
import pytest
from planning_cases import cores, creates, filler, node, paraset, policy, shape, snapshot, terminating

from paraset_operator.model.plan import CreatePod, Plan
from paraset_operator.model.policy import Tenant
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning import planner
from paraset_operator.planning.planner import plan
from paraset_operator.planning.survey_rows import Rows


def drawn(seed: int) -> Snapshot:
    """Return nodes where all that can happen is that something new is made."""
    random = Random(seed)
    shapes = [
        shape(
            f"shape{index}",
            cpu=(low := random.randint(1, 4) / 2, low + random.randint(0, 60) / 10),
            memory=(1, 1 + random.randint(0, 8)),
            gpus=random.randint(0, 1),
            value=random.randint(1, 4),
            growth={"memory": float(random.randint(0, 2))},
        )
        for index in range(4)
    ]
    sets = [paraset("a", *shapes[:2], weight=random.randint(1, 3)), paraset("b", *shapes[2:], namespace="b")]
    nodes = [
        node(f"n{at}", cpu=random.randint(2, 40) / 2, memory=random.randint(4, 40), gpus=random.randint(0, 3))
        for at in range(6)
    ]
    return snapshot(nodes, sets=sets)


def one_by_one(picture: Snapshot, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Return the plan with every node sized by itself."""
    monkeypatch.setattr(planner, "quiet_rows", lambda *_: np.zeros(0, dtype=np.int64))
    return plan(picture)


def by_node(outcome: Plan) -> list[tuple[object, ...]]:
    made = [(each.owner.key, each.node, each.shape, sorted(each.sizes.items())) for each in creates(outcome)]
    return sorted(made)  # type: ignore[type-var]


@pytest.mark.parametrize("seed", range(25))
def test_sizes_are_those_that_each_node_by_itself_gives(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = drawn(seed)
    assert by_node(plan(picture)) == by_node(one_by_one(picture, monkeypatch))


@pytest.mark.parametrize("seed", range(25))
def test_reports_are_those_that_each_node_by_itself_gives(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = drawn(seed)
    assert plan(picture).nodes == one_by_one(picture, monkeypatch).nodes


@pytest.mark.parametrize("seed", range(25))
def test_what_sets_hold_is_what_each_node_by_itself_gives(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = drawn(seed)
    assert plan(picture).sets == one_by_one(picture, monkeypatch).sets


def test_one_filler_after_the_other_grows_as_far_as_it_can() -> None:
    grows = paraset("s", shape("g", cpu=(1, 4), gpus=1, value=4, growth={"cpu": 3.0}))
    assert [cores(each.sizes) for each in creates(plan(snapshot(node(cpu=8, gpus=3), sets=grows)))] == [4, 3, 1]


def test_growth_comes_in_steps() -> None:
    grows = paraset("s", shape("g", cpu=(1, 4), gpus=1, growth={"cpu": 3.0}), ceiling=1)
    (create,) = creates(plan(snapshot(node(cpu=2.55, gpus=1), sets=grows)))
    assert create.sizes["cpu"] == 2500


def test_growth_that_is_worth_nothing_is_not_taken() -> None:
    rigid = paraset("s", shape("g", cpu=(1, 4), gpus=1, growth={"cpu": 0.0}), ceiling=1)
    (create,) = creates(plan(snapshot(node(cpu=8, gpus=1), sets=rigid)))
    assert create.sizes["cpu"] == 1000


def asked(picture: Snapshot, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the nodes that a plan finds quiet."""
    found, quiet = [], planner.quiet_rows

    def look(ground: object, rows: Rows, *others: object) -> object:
        found.append(quiet(ground, rows, *others))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(planner, "quiet_rows", look)
    plan(picture)
    (rows,) = found
    return rows.tolist()  # type: ignore[no-any-return]


SMALL = paraset("s", shape(cpu=2))
GROWS = paraset("g", shape(cpu=(1, 8), gpus=1))


def test_a_node_with_something_new_and_nothing_else_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(snapshot(node(cpu=8), sets=SMALL), monkeypatch) == [0]


def test_a_node_where_a_filler_leaves_is_not_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(snapshot(node(cpu=8), [terminating(filler(SMALL, 0))], SMALL), monkeypatch) == []


def test_a_node_with_a_filler_that_could_grow_is_not_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(snapshot(node(cpu=32, gpus=2), [filler(GROWS, 0)], [SMALL, GROWS]), monkeypatch) == []


def test_where_a_namespace_has_limits_no_node_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = policy(tenants={"a": Tenant("a", limits={"cpu": 5000})})
    assert asked(snapshot(node(cpu=8), sets=SMALL, policies=limits), monkeypatch) == []


def test_a_filler_of_a_shape_with_init_containers_is_not_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = paraset("s", shape(cpu=1, initial={"cpu": 2000}))
    assert asked(snapshot(node(cpu=8), sets=owner), monkeypatch) == []


def test_fillers_of_one_size_share_what_says_so() -> None:
    first, second, *_ = (
        each for each in creates(plan(snapshot(node(cpu=8), sets=SMALL))) if isinstance(each, CreatePod)
    )
    assert first.requests is second.requests
