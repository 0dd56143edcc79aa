"""Who gets how much of a cluster: fair shares, ceilings, limits, minimums, and the rest for whoever can use it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import numpy as np
import pytest
from packing_cases import Offer, Room, faults, holes, options, quotas
from planning_cases import GPU, creates, node, paraset, policy, shape, snapshot

from bench.oracle.outcome import instances_after, shares_of
from bench.oracle.problem import problem_of
from bench.planner_instances import nodes_of
from bench.planner_shapes import COUNTED, MILLI, set_of, shape_of, shapes_of
from paraset_operator.model.plan import Plan
from paraset_operator.model.policy import Tenant
from paraset_operator.model.resources import dominant_share, total_of
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.allocation import allocate
from paraset_operator.planning.planner import plan
from paraset_operator.planning.quotas import Limit, number_by, used_by

WEIGHTS = (1, 2, 5)
NODES = 64


@cache
def cluster(resource: str = MILLI, nodes: int = NODES) -> tuple[NodeState, ...]:
    return nodes_of(nodes, seed=7, resource=resource)


def picture(sets: Iterable[ParaSetView], resource: str = MILLI, nodes: int = NODES, **tenants: Tenant) -> Snapshot:
    policies = (policy(tenants=MappingProxyType(tenants)),) if tenants else ()
    return Snapshot(cluster(resource, nodes), sets=tuple(sorted(sets, key=lambda each: each.key)), policies=policies)


def shares(of: Snapshot) -> dict[str, float]:
    """Return the dominant shares after a plan, of sets by key and of namespaces."""
    return shares_of(instances_after(of, plan(of)), problem_of(of))


def off(found: dict[str, float], weights: dict[str, float]) -> float:
    """Return how far the worst is from what its weight makes of the sum, in parts of that."""
    total = sum(found.get(key, 0.0) for key in weights)
    fair = {key: total * weight / sum(weights.values()) for key, weight in weights.items()}
    return max(abs(found.get(key, 0.0) / each - 1) for key, each in fair.items())


def is_fair(of: Snapshot, weights: dict[str, float], shapes: Sequence[Shape]) -> bool:
    """Say whether everybody holds what its weight says, within 2 % or one of the smallest instances."""
    found, fillable = shares(of), problem_of(of).fillable
    total = sum(found.get(key, 0.0) for key in weights) / sum(weights.values())
    one = min(dominant_share(each.smallest, fillable) for each in shapes)
    return all(
        abs(found.get(key, 0.0) - total * each) <= max(one, 0.02 * total * each) + 1e-9 for key, each in weights.items()
    )


def weighted(shapes: Sequence[Shape]) -> list[ParaSetView]:
    return [set_of(f"w{weight}", shapes, weight=weight) for weight in WEIGHTS]


def by_weight(sets: Iterable[ParaSetView]) -> dict[str, float]:
    return {each.key: float(each.weight) for each in sets}


@pytest.mark.parametrize("workload", range(5))
def test_sets_that_want_everything_hold_shares_by_their_weights(workload: int) -> None:
    sets = weighted(shapes_of(workload))
    assert is_fair(picture(sets), by_weight(sets), shapes_of(workload))


# The fifth kind makes more of cores without devices than with: what is left of these goes to who is worth most.
@pytest.mark.parametrize("workload", range(4))
def test_where_devices_are_counted_sets_hold_shares_by_their_weights(workload: int) -> None:
    sets = weighted(shapes_of(workload, resource=COUNTED))
    assert is_fair(picture(sets, COUNTED), by_weight(sets), shapes_of(workload, resource=COUNTED))


@pytest.mark.parametrize("nodes", [2, 3, 5])
def test_on_few_nodes_shares_are_fair_within_one_instance(nodes: int) -> None:
    """One GPU with its cores: with as much more or less, each set would be on the other side of its fair share."""
    shapes = (shape_of("g1", 1000, 4.0, 16, 1.0),)
    sets = weighted(shapes)
    before = picture(sets, nodes=nodes)
    found, fillable = shares(before), problem_of(before).fillable
    total = sum(found.get(each.key, 0.0) for each in sets)
    one = dominant_share(shapes[0].smallest, fillable)
    assert all(abs(found.get(each.key, 0.0) - total * each.weight / 8) <= one + 1e-9 for each in sets)


@pytest.mark.parametrize("workload", range(4))
def test_a_set_with_a_small_ceiling_leaves_its_rest_to_others_by_their_weights(workload: int) -> None:
    sets = weighted(shapes_of(workload))
    sets[-1] = replace(sets[-1], ceiling=10)
    assert is_fair(picture(sets), by_weight(sets[:-1]), shapes_of(workload))


def test_a_set_with_a_small_ceiling_leaves_nothing_empty() -> None:
    sets = weighted(shapes_of(2))
    full = sum(shares(picture(sets))[each.key] for each in sets)
    sets[-1] = replace(sets[-1], ceiling=10)
    assert sum(shares(picture(sets))[each.key] for each in sets) >= 0.97 * full


def test_a_set_with_a_small_ceiling_gets_all_it_may_have() -> None:
    sets = weighted(shapes_of(2))
    sets[-1] = replace(sets[-1], ceiling=10)
    assert Counter(each.owner.name for each in creates(plan(picture(sets))))["w5"] == 10


@pytest.mark.parametrize("number", [1, 3, 5])
def test_two_namespaces_hold_as_much_whatever_the_number_of_sets_in_each(number: int) -> None:
    sets = [set_of("only", shapes_of(2), namespace="one")]
    sets += [set_of(f"s{index}", shapes_of(2), namespace="many") for index in range(number)]
    assert off(shares(picture(sets)), {"one": 1.0, "many": 1.0}) <= 0.02


def test_namespaces_hold_shares_by_the_weights_of_the_policy() -> None:
    sets = [set_of("s", shapes_of(2), namespace=name) for name in ("a", "b")]
    found = shares(picture(sets, a=Tenant("a", 1), b=Tenant("b", 3)))
    assert off(found, {"a": 1.0, "b": 3.0}) <= 0.02


def others_with(greedy: ParaSetView) -> float:
    """Return what another set holds beside this one."""
    return shares(picture([greedy, set_of("other", shapes_of(2))]))["research/other"]


def test_who_asks_for_more_replicas_than_it_can_use_lowers_nobodys_share() -> None:
    modest = set_of("greedy", shapes_of(2), ceiling=2_000)
    assert others_with(replace(modest, ceiling=1_000_000)) >= 0.99 * others_with(modest)


def test_who_writes_bigger_values_lowers_nobodys_share() -> None:
    modest = set_of("greedy", shapes_of(2))
    bigger = tuple(
        replace(
            each,
            value=each.value * 1000,
            elastic=tuple(replace(it, growth_value=it.growth_value * 1000) for it in each.elastic),
        )
        for each in modest.shapes
    )
    assert others_with(replace(modest, shapes=bigger)) >= 0.99 * others_with(modest)


def test_who_lists_shapes_that_fit_nowhere_lowers_nobodys_share() -> None:
    modest = set_of("greedy", shapes_of(2))
    huge = shape_of("huge", 64_000, 9999.0, 9999, 1e6)
    assert others_with(replace(modest, shapes=(*modest.shapes, huge))) >= 0.99 * others_with(modest)


@pytest.mark.parametrize("name", ["cpu", MILLI])
def test_no_namespace_exceeds_its_limits(name: str) -> None:
    sets = [set_of(f"s{index}", shapes_of(index), namespace="a") for index in range(3)]
    sets.append(set_of("free", shapes_of(2), namespace="b"))
    of = picture(sets, a=Tenant("a", limits={name: 30_000}))
    held = total_of(each.requests for each in instances_after(of, plan(of)) if each.owner.namespace == "a")
    assert held[name] <= 30_000


def test_a_namespace_uses_its_limits() -> None:
    of = picture([set_of("s", shapes_of(2), namespace="a")], a=Tenant("a", limits={MILLI: 30_000}))
    held = total_of(each.requests for each in instances_after(of, plan(of)))
    assert held[MILLI] >= 0.97 * 30_000


def test_what_a_limited_namespace_leaves_goes_to_another() -> None:
    one, two = (set_of("s", shapes_of(2), namespace=name) for name in ("a", "b"))
    limited = shares(picture([one, two], a=Tenant("a", limits={MILLI: 1000})))
    assert limited["b"] >= 0.97 * shares(picture([two]))["b"]


# A few nodes, by hand.


def numbers(outcome: Plan) -> dict[str, int]:
    return Counter(each.owner.name for each in creates(outcome))


def test_minimums_are_served_before_anybody_gets_more() -> None:
    sets = [paraset("a", shape(cpu=1), weight=100), paraset("b", shape(cpu=4), floor=3)]
    assert numbers(plan(snapshot([node("n1", cpu=8), node("n2", cpu=8)], sets=sets)))["b"] >= 3


def test_minimums_are_served_by_instances_at_their_smallest() -> None:
    grows = shape("g", cpu=(1, 5), gpus=1, value=4, growth={"cpu": 16.0})
    assert len(creates(plan(snapshot(node(cpu=5, gpus=3), sets=paraset("s", grows, floor=2))))) == 2


def test_the_neediest_minimum_comes_first() -> None:
    sets = [paraset("a", shape(cpu=4), floor=2), paraset("b", shape(cpu=4), floor=2)]
    assert numbers(plan(snapshot([node("n1", cpu=8)], sets=sets))) in ({"a": 1, "b": 1}, {"a": 2}, {"b": 2})


def test_a_minimum_is_no_more_than_a_namespace_may_have() -> None:
    limits = policy(tenants={"a": Tenant("a", limits={"cpu": 5000})})
    assert len(creates(plan(snapshot(node(cpu=8), sets=paraset("s", shape(cpu=2), floor=4), policies=limits)))) <= 2


def test_what_one_set_cannot_use_goes_to_another() -> None:
    sets = [paraset("gpu", shape(cpu=1, gpus=1), weight=10), paraset("cpu", shape(cpu=1))]
    assert numbers(plan(snapshot([node("n1", cpu=8), node("n2", cpu=8, gpus=2)], sets=sets))) == {"gpu": 2, "cpu": 14}


def test_the_few_fillers_a_ceiling_leaves_are_those_worth_most() -> None:
    owner = paraset("s", shape("poor", cpu=1, value=1), shape("rich", cpu=1, gpus=1, value=5), ceiling=2)
    outcome = plan(snapshot([node(f"n{at}", cpu=4, gpus=at % 2) for at in range(6)], sets=owner))
    assert [each.shape for each in creates(outcome)] == ["rich", "rich"]


def test_a_ceiling_chooses_what_is_worth_more_even_if_it_takes_more() -> None:
    small, large = shape("small", cpu=1, value=2), shape("large", cpu=8, value=10)
    outcome = plan(snapshot(node(cpu=16), sets=paraset("s", small, large, ceiling=2)))
    assert [each.shape for each in creates(outcome)] == ["large", "large"]


def test_a_set_with_a_ceiling_of_nothing_gets_nothing() -> None:
    sets = [paraset("a", shape(cpu=1), ceiling=0), paraset("b", shape(cpu=1))]
    assert numbers(plan(snapshot(node(cpu=4), sets=sets))) == {"b": 4}


def test_a_shape_that_would_exceed_a_limit_alone_is_not_tried() -> None:
    limits = policy(tenants={"a": Tenant("a", limits={GPU: 1})})
    owner = paraset("s", shape("two", cpu=1, gpus=2, value=9), shape("one", cpu=1, gpus=1))
    outcome = plan(snapshot(node(cpu=8, gpus=4), sets=owner, policies=limits))
    assert [each.shape for each in creates(outcome)] == ["one"]


ROOMS = [Room(cores=20, devices=(10, 10, 7), gpus=1)] * 12
FREE = [240, 0, 324, 12]
MIXED = options(
    Offer(cores=1, part=5, owner=0),
    Offer(cores=2, part=3, gpus=1, owner=1),
    Offer(cores=1, part=10, owner=1, value=2.0),
    Offer(cores=1, owner=2),
)


@pytest.mark.parametrize("most", [0, 1, 7, 20])
def test_no_quota_is_exceeded(most: int) -> None:
    counts = allocate(holes(ROOMS, MIXED, sets=3), MIXED, quotas([most, 2 * most, most], FREE))
    assert (number_by(counts, MIXED, 3) <= np.array([most, 2 * most, most])).all()


@pytest.mark.parametrize("most", [0, 1, 7, 20, 999])
def test_no_node_is_given_more_than_fits(most: int) -> None:
    counts = allocate(holes(ROOMS, MIXED, sets=3), MIXED, quotas([most, 2 * most, most], FREE))
    assert faults(ROOMS, MIXED, counts) == []


@pytest.mark.parametrize("left", [-5, 0, 1, 10, 50])
def test_no_limit_is_exceeded(left: int) -> None:
    of = quotas([999] * 3, FREE, limits=[Limit(np.array([0, 2]), 0, left)])
    counts = allocate(holes(ROOMS, MIXED, sets=3), MIXED, of)
    assert used_by(counts, MIXED, 3)[[0, 2], 0].sum() <= max(0, left)


def test_a_quota_is_used_up_where_there_is_room() -> None:
    counts = allocate(holes(ROOMS, MIXED, sets=3), MIXED, quotas([9, 9, 9], FREE))
    assert number_by(counts, MIXED, 3).tolist() == [9, 9, 9]


def test_the_holes_given_stay_as_they_are() -> None:
    found = holes(ROOMS, MIXED, sets=3)
    before = (found.free.copy(), found.barred.copy(), found.admits.copy())
    allocate(found, MIXED, quotas([3, 3, 3], FREE))
    assert all(np.array_equal(a, b) for a, b in zip(before, (found.free, found.barred, found.admits), strict=True))
