"""From API objects to the planner's values: units, defaults, and what is in force now."""

import copy
from datetime import datetime, timedelta
from typing import Any

import pytest
from api_cases import FILL_POLICY, PARASET
from planning_cases import GIB, GPU
from runtime_cases import NOW

from paraset_operator.api.v1alpha1 import FillPolicy, parse_fill_policy, parse_paraset
from paraset_operator.model.announced import Source
from paraset_operator.model.constraints import Toleration
from paraset_operator.model.policy import BUILT_IN_POLICY, Mode, PolicyView
from paraset_operator.model.rates import DEFAULT_BUDGET, DisruptionBudget
from paraset_operator.model.shape import Elastic, ParaSetView
from paraset_operator.runtime.translate import paraset_view, policy_view, unreadable_view

MINIMAL: dict[str, Any] = {
    "apiVersion": "paraset.io/v1alpha1",
    "kind": "ParaSet",
    "metadata": {"name": "s", "namespace": "a", "uid": "u", "generation": 3},
    "spec": {
        "shapes": [{"name": "cpu", "fixed": {"cpu": "1"}}],
        "template": {"spec": {"containers": [{"name": "w", "image": "i"}]}},
    },
}


def view(now: datetime = NOW, metadata: dict[str, Any] | None = None, base: Any = MINIMAL, **spec: Any) -> ParaSetView:
    obj = copy.deepcopy(base)
    obj["spec"] |= spec
    obj["metadata"] |= metadata or {}
    return paraset_view(parse_paraset(obj), "", now)


def policy(namespaces: dict[str, dict[str, str]] | None = None, **spec: Any) -> PolicyView:
    obj = copy.deepcopy(FILL_POLICY)
    obj["spec"] |= spec
    return policy_view(parse_fill_policy(obj), namespaces or {})


def test_what_is_left_out_has_the_defaults_of_the_api() -> None:
    found = view()
    assert (found.ceiling, found.floor, found.weight, found.is_suspended) == (1, 0, 1, False)
    assert (found.grace_seconds, found.checkpoint_seconds) == (10, 0)
    assert found.budgets == (DEFAULT_BUDGET,)


def test_a_set_keeps_who_it_is() -> None:
    found = view()
    assert (found.key, found.uid, found.generation) == ("a/s", "u", 3)


def test_of_a_set_that_cannot_be_read_it_is_known_whose_fillers_are_its_own_and_how_they_leave() -> None:
    raw = copy.deepcopy(MINIMAL)
    raw["spec"] |= {"suspend": True, "yield": {"gracePeriodSeconds": 120, "checkpointIntervalSeconds": 300}}
    found = unreadable_view(raw, "no")
    assert (found.key, found.uid, found.generation) == ("a/s", "u", 3)
    assert (found.shapes, found.fault, found.is_unreadable) == ((), "no", True)
    assert (found.is_suspended, found.grace_seconds, found.checkpoint_seconds) == (True, 120, 300)
    assert unreadable_view(MINIMAL, "no").grace_seconds == view().grace_seconds


def test_a_set_that_is_being_deleted_gets_no_new_fillers_and_loses_none_by_us() -> None:
    deleting = view(metadata={"deletionTimestamp": "2026-03-02T10:00:00Z"})
    assert deleting.fault
    assert not deleting.is_suspended


def test_amounts_are_in_the_planners_units() -> None:
    gpu, cpu = view(base=PARASET).shapes
    assert gpu.fixed == {GPU: 1}
    assert [(each.resource, each.minimum, each.maximum) for each in gpu.elastic] == [
        ("cpu", 1000, 8000),
        ("memory", 4 * GIB, 4 * GIB),
    ]
    assert cpu.fixed == {"memory": 2 * GIB}


def test_memory_grows_only_where_the_set_says_that_it_can_be_given_back() -> None:
    shapes = [{"name": "m", "elastic": {"memory": {"min": "1Gi", "max": "4Gi", "growthValue": 2, "shrinks": True}}}]
    assert view(shapes=shapes).shapes[0].elastic == (Elastic("memory", GIB, 4 * GIB, 2.0),)


def test_memory_that_can_not_be_given_back_stays_at_its_minimum() -> None:
    shapes = [{"name": "m", "elastic": {"memory": {"min": "1Gi", "max": "4Gi", "growthValue": 2}}}]
    assert view(shapes=shapes).shapes[0].elastic == (Elastic("memory", GIB, GIB, 0.0, shrinks=False),)


def test_a_growth_value_is_taken_and_one_left_out_has_the_documented_default() -> None:
    gpu, cpu = view(base=PARASET).shapes
    assert [each.growth_value for each in gpu.elastic] == [4, 0]
    assert [each.growth_value for each in cpu.elastic] == [15]


def test_other_containers_count_beside_the_shape() -> None:
    side = {"name": "side", "image": "i", "resources": {"requests": {"cpu": "250m"}}}
    (shape,) = view(template={"spec": {"containers": [{"name": "w", "image": "i"}, side]}}).shapes
    assert shape.overhead == {"cpu": 250}
    assert shape.smallest == {"cpu": 1250, "pods": 1}


def test_init_containers_count_as_the_largest_need() -> None:
    first = {"name": "fetch", "image": "i", "resources": {"requests": {"cpu": "3"}}}
    spec = {"containers": [{"name": "w", "image": "i"}], "initContainers": [first]}
    (shape,) = view(template={"spec": spec}).shapes
    assert shape.smallest == {"cpu": 3000, "pods": 1}


def test_selector_and_tolerations_of_the_template_are_the_sets_constraints() -> None:
    spec = {
        "containers": [{"name": "w", "image": "i"}],
        "nodeSelector": {"pool": "x"},
        "tolerations": [{"key": "k", "operator": "Exists"}],
    }
    found = view(template={"spec": spec}).constraints
    assert found.node_selector == (("pool", "x"),)
    assert found.tolerations == (Toleration("k", "Exists", "", ""),)


def test_a_null_in_the_template_is_as_nothing() -> None:
    spec = {"containers": [{"name": "w", "image": "i", "resources": None}], "nodeSelector": None, "affinity": None}
    assert view(template={"spec": spec}).constraints.node_selector == ()


def test_scaling_rules_are_those_of_the_api() -> None:
    policies = [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 50, "periodSeconds": 60},
    ]
    found = view(behavior={"scaleUp": {"policies": policies, "selectPolicy": "Min"}}).scale_up
    assert [(each.value, each.period, each.is_percent) for each in found.limits] == [(4, 15, False), (50, 60, True)]
    assert found.takes_smallest


def test_disabled_scaling_allows_nothing() -> None:
    assert view(behavior={"scaleUp": {"selectPolicy": "Disabled"}}).scale_up.is_disabled


@pytest.mark.parametrize(
    ("value", "budget"),
    [
        ("10%", DisruptionBudget(10, is_percent=True)),
        (3, DisruptionBudget(3)),
        ("3", DisruptionBudget(3)),
        (0, DisruptionBudget(0)),
    ],
)
def test_a_budget_is_a_number_or_a_share(value: int | str, budget: DisruptionBudget) -> None:
    assert view(budgets=[{"value": value}]).budgets == (budget,)


def test_a_budget_may_be_for_one_reason() -> None:
    (budget,) = view(budgets=[{"value": 1, "reasons": ["Drain"]}]).budgets
    assert budget.reasons == {"Drain"}


def test_no_budgets_at_all_limit_nothing() -> None:
    assert view(budgets=[]).budgets == ()


@pytest.mark.parametrize(
    ("schedule", "duration", "minutes", "is_in_force"),
    [
        ("0 9 * * 1-5", "8h", 0, True),
        ("0 9 * * 1-5", "8h", -91, False),  # 8:59
        ("0 9 * * 1-5", "8h", -90, True),  # 9:00
        ("0 9 * * 1-5", "8h", 389, True),  # 16:59
        ("0 9 * * 1-5", "8h", 391, False),  # 17:01
        ("0 9 * * 0", "8h", 0, False),
        ("0 10 * * *", "30m", -1, True),  # 10:29
        ("0 10 * * *", "30m", 1, False),  # 10:31
        ("0 9 * * *", "1h30m", -1, True),  # 10:29
        ("0 9 * * *", "1h30m", 1, False),  # 10:31
        ("0 22 * * 0", "24h", 0, True),  # since yesterday
    ],
)
def test_a_budget_counts_from_each_time_of_its_schedule_for_its_duration(
    schedule: str, duration: str, minutes: int, is_in_force: bool
) -> None:
    budgets = [{"value": 0, "schedule": schedule, "duration": duration}]
    found = view(now=NOW + timedelta(minutes=minutes), budgets=budgets).budgets
    assert (len(found) == 1) == is_in_force


def test_the_policy_of_an_empty_object_is_the_built_in_one() -> None:
    obj = {"apiVersion": "paraset.io/v1alpha1", "kind": "FillPolicy", "metadata": {"name": "default"}, "spec": {}}
    assert policy_view(parse_fill_policy(obj), {}) == BUILT_IN_POLICY


def test_a_reserve_is_an_amount_or_a_share() -> None:
    found = policy()
    assert found.reserve == {"cpu": 500, GPU: 0}
    assert found.reserve_percent == {"memory": 5}


def test_headroom_is_in_the_planners_units() -> None:
    (shape,) = policy().headroom
    assert (shape.name, dict(shape.resources), shape.copies, shape.lends_devices) == (
        "inference",
        {GPU: 1, "cpu": 8000},
        2,
        False,
    )


def with_auto(auto: dict[str, int] | None, told: int | None = None) -> FillPolicy:
    """A policy with one shape whose copies are learned, and what its status tells of them."""
    shape = {"name": "s", "resources": {"cpu": 1}, "copies": "auto"} | ({"auto": auto} if auto else {})
    status = {} if told is None else {"headroom": [{"name": "s", "copies": told}]}
    return parse_fill_policy(FILL_POLICY | {"spec": {"headroom": [shape]}, "status": status})


@pytest.mark.parametrize(
    ("auto", "told", "learned", "copies"),
    [
        (None, None, {}, 0),
        ({"floor": 2}, None, {}, 2),
        (None, 3, {}, 3),
        (None, 3, {"s": 5}, 5),
        ({"floor": 4}, 3, {}, 4),
        ({"cap": 2}, 3, {"s": 5}, 2),
    ],
)
def test_copies_are_those_learned_else_those_told_else_the_floor(
    auto: dict[str, int] | None, told: int | None, learned: dict[str, int], copies: int
) -> None:
    (shape,) = policy_view(with_auto(auto, told), {}, learned).headroom
    assert shape.copies == copies


def test_a_number_of_copies_is_not_learned() -> None:
    (shape,) = policy_view(parse_fill_policy(FILL_POLICY), {}, {"inference": 9}).headroom
    assert (shape.copies, shape.auto) == (2, None)


def test_a_mode_of_observe_is_taken() -> None:
    assert policy(mode="Observe").mode is Mode.OBSERVE


def test_tenants_are_found_by_name_and_by_label() -> None:
    found = policy({"one": {"team": "a"}, "two": {"team": "b"}, "research": {}}).tenants
    assert found.keys() == {"research", "one"}
    assert (found["research"].weight, found["research"].limits) == (2, {"cpu": 100_000})


def test_of_two_entries_for_a_namespace_the_first_counts() -> None:
    tenants = [{"namespace": "x", "weight": 5}, {"namespaceSelector": {}, "weight": 7}]
    found = policy({"x": {}, "y": {}}, tenants=tenants).tenants
    assert {name: each.weight for name, each in found.items()} == {"x": 5, "y": 7}


def test_pacing_is_in_seconds_and_what_is_left_out_is_the_default() -> None:
    found = policy().pacing
    assert (found.cool_down, found.cool_down_max, found.back_off) == (30, 600, 10)


def test_the_sources_that_a_policy_takes_are_those_it_switches_on() -> None:
    assert policy().announced.sources == frozenset(Source) - {Source.GATED}


def test_a_window_is_in_seconds_and_in_the_planners_units() -> None:
    (window,) = policy().announced.windows
    assert (window.duration, window.lead, dict(window.resources)) == (5400.0, 120.0, {GPU: 1, "cpu": 8000})
