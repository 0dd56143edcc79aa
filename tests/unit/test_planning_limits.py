"""Tenants that have all they may have cost a plan nothing: it does not look at nodes for them."""

import pytest
from planning_cases import GPU, creates, filler, node, paraset, policy, resizes, shape, snapshot

from paraset_operator.model.policy import Tenant
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning import filling
from paraset_operator.planning.planner import plan
from paraset_operator.planning.problem import Holes
from paraset_operator.planning.usual_nodes import UsualNodes

GROWS = paraset("s", shape("g", cpu=(1, 8), gpus=1))
OTHERS = paraset("t", shape("g", cpu=(1, 8), gpus=1), namespace="b")


def holes_of(picture: Snapshot, monkeypatch: pytest.MonkeyPatch) -> list[list[bool]]:
    """Return the holes that are dealt out, each with the sets that may put something there."""
    found, allocate = list[list[bool]](), filling.allocate

    def spied(holes: Holes, *others: object) -> object:
        found.extend(holes.admits.tolist())
        return allocate(holes, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(filling, "allocate", spied)
    plan(picture)
    return found


def sized(picture: Snapshot, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the nodes whose running fillers are sized."""
    found, size = list[int](), UsualNodes.size

    def spied(nodes: UsualNodes, row: int) -> object:
        found.append(row)
        return size(nodes, row)

    monkeypatch.setattr(UsualNodes, "size", spied)
    plan(picture)
    return found


def limited(*sets: object, **limits: int) -> Snapshot:
    """Return nodes with a filler of each set that could grow, where the first tenant has limits."""
    nodes = [node(f"n{at}", cpu=16, gpus=2) for at in range(2)]
    pods = [filler(each, at, f"n{at}", cpu=4) for at, each in enumerate(sets)]  # type: ignore[arg-type]
    return snapshot(nodes, pods, list(sets), policy(tenants={"a": Tenant("a", limits=limits)}))  # type: ignore[arg-type]


def test_a_hole_is_none_for_a_set_whose_tenant_may_have_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert holes_of(limited(GROWS, OTHERS, cpu=4000), monkeypatch) == [[False, True]] * 2


def test_where_all_tenants_have_what_they_may_have_there_are_no_holes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert holes_of(limited(GROWS, **{GPU: 1}), monkeypatch) == []


def test_a_set_that_may_have_more_of_a_smaller_shape_has_holes(monkeypatch: pytest.MonkeyPatch) -> None:
    both = paraset("s", *GROWS.shapes, shape("c", cpu=2))
    assert holes_of(limited(both, **{GPU: 1}), monkeypatch) == [[True]] * 2


def test_fillers_that_may_not_grow_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sized(limited(GROWS, cpu=4000), monkeypatch) == []


def test_fillers_that_may_grow_too_little_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sized(limited(GROWS, cpu=4399, **{GPU: 1}), monkeypatch) == []


def test_fillers_that_may_grow_just_enough_grow() -> None:
    (grown,) = resizes(plan(limited(GROWS, cpu=4400, **{GPU: 1})))
    assert grown.sizes["cpu"] == 4400


def test_fillers_of_others_grow_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = limited(GROWS, OTHERS, cpu=4000)
    assert 1 in sized(picture, monkeypatch)


def test_who_may_have_no_more_makes_nothing() -> None:
    assert {each.owner.name for each in creates(plan(limited(GROWS, OTHERS, cpu=4000)))} == {"t"}
