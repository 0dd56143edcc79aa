"""The status of a set, and what is written of it."""

from dataclasses import replace
from typing import Any

from planning_cases import GPU, filler, paraset, pending, shape, terminating
from runtime_cases import create, delete, resize

from paraset_operator.api.status import MOST_WAITS, PLANNED_ACTIONS, ParaSetStatus
from paraset_operator.model.plan import Action, Limit, LimitReport, SetReport
from paraset_operator.reporting.amounts import in_base_units
from paraset_operator.reporting.observed import NONE_SEEN, observe
from paraset_operator.reporting.status import Loss, planned_actions, status_of
from paraset_operator.reporting.status_writer import merge_patch
from paraset_operator.reporting.verdicts import Facts

SET = paraset("s", shape("gpu", cpu=2, gpus=1), shape("cpu", cpu=1), ceiling=9, generation=4)
NOW, LATER = "2026-03-02T10:30:00Z", "2026-03-02T10:31:00Z"
PODS = [filler(SET, 0), filler(SET, 1, node="n2"), filler(SET, 2, shape="cpu", is_ready=False)]


def status(
    before: ParaSetStatus | None = None, now: str = NOW, planned: list[Action] | None = None, **facts: Any
) -> Any:
    limits = (LimitReport(Limit.NO_ROOM, "x" * 2000),)
    found = Facts(SetReport(SET, replicas=5, limited_by=limits), observe(PODS), **facts)
    return status_of(found, Loss(1, 2, {"cpu": 30}), planned or [], before or ParaSetStatus(), "a=b", now)


def test_counts_are_of_what_is_seen_and_desired_of_what_is_planned() -> None:
    found = status()
    assert (found.replicas, found.ready_replicas, found.desired_replicas, found.nodes) == (3, 2, 5, 2)


def test_every_shape_of_the_set_is_told_in_its_order() -> None:
    assert [(each.name, each.replicas, each.ready_replicas) for each in status().shapes] == [
        ("gpu", 2, 2),
        ("cpu", 1, 0),
    ]


def test_resources_are_what_fillers_ask_for_together() -> None:
    assert status().resources == {"cpu": "5", GPU: "2"}


def test_a_limit_with_many_words_is_cut_to_what_the_api_takes() -> None:
    assert [len(each.message) for each in status().limited_by] == [1024]


def test_the_end_of_a_wait_is_told_as_a_point_in_time_and_the_first_to_end_comes_first() -> None:
    limit = LimitReport(Limit.COOL_DOWN, "2 nodes", (("n2", 61.5), ("n1", 40.0)))
    facts = Facts(SetReport(SET, limited_by=(limit,)), observe(PODS))
    (found,) = status_of(facts, Loss(), [], ParaSetStatus(), "a=b", NOW, clock_began=1_700_000_000.0).limited_by or ()
    assert [(each.node, each.until) for each in found.waits or ()] == [
        ("n1", "2023-11-14T22:14:00Z"),
        ("n2", "2023-11-14T22:14:22Z"),
    ]


def test_of_many_waits_as_many_are_told_as_the_api_takes() -> None:
    limit = LimitReport(Limit.PENDING, "", tuple((f"n{each}", float(each)) for each in range(MOST_WAITS + 5)))
    facts = Facts(SetReport(SET, limited_by=(limit,)), observe(PODS))
    (found,) = status_of(facts, Loss(), [], ParaSetStatus(), "a=b", NOW).limited_by or ()
    assert len(found.waits or ()) == MOST_WAITS


def test_losses_are_told() -> None:
    lost = status().lost_work
    assert (lost.evictions, lost.shrinks, lost.resource_seconds) == (1, 2, {"cpu": 30})


def test_the_plan_is_told_only_where_it_is_only_observed() -> None:
    assert status(planned=[create()]).plan is None
    assert len(status(planned=[create()], is_observing=True).plan) == 1


def test_a_status_that_says_the_same_is_the_same_at_any_time() -> None:
    first = status()
    assert status(before=first, now=LATER) == first


def test_a_condition_that_changes_tells_when() -> None:
    first = status()
    second = status(before=first, now=LATER, is_yielding=True)
    times = {each.type: each.last_transition_time for each in second.conditions}
    assert (times["YieldingToLatencySensitive"], times["Ready"]) == (LATER, NOW)


def test_planned_actions_are_told_in_the_words_of_the_plan() -> None:
    found = [each.model_dump(exclude_none=True) for each in planned_actions([create(), resize(), delete()])]
    assert [(each["verb"], each["pod"], each["node"], each["shape"]) for each in found] == [
        (verb, "s-0", "n1", "cpu") for verb in ("create", "resize", "delete")
    ]
    assert [each.get("requests", {}).get("cpu") for each in found] == ["1", "500m", None]


def test_of_many_planned_actions_the_first_are_told() -> None:
    found = planned_actions([create(index=index) for index in range(PLANNED_ACTIONS + 5)])
    assert [each.pod for each in found] == [f"s-{index}" for index in range(PLANNED_ACTIONS)]


def test_leaving_fillers_are_counted_apart() -> None:
    seen = observe([filler(SET, 0), terminating(filler(SET, 1))])
    assert (seen.replicas, seen.ready, seen.leaving) == (1, 1, 1)


def test_finished_fillers_are_not_counted() -> None:
    assert observe([filler(SET, 0, is_finished=True)]) == NONE_SEEN


def test_a_filler_that_is_not_bound_has_no_node() -> None:
    assert observe([pending(filler(SET, 0))]).nodes == 0


def test_a_resize_under_way_is_seen() -> None:
    pod = filler(SET, 0)
    assert observe([replace(pod, held=pod.held | {"cpu": 9000})]).is_resizing
    assert not observe([pod]).is_resizing


def test_the_same_needs_no_patch() -> None:
    assert merge_patch({"a": 1, "b": {"c": [1]}}, {"a": 1, "b": {"c": [1]}}) == {}


def test_a_patch_names_what_is_new_and_what_has_changed() -> None:
    assert merge_patch({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == {"b": 3, "c": 4}


def test_a_patch_takes_away_what_is_gone_at_any_depth() -> None:
    assert merge_patch({"a": {"b": 1, "c": 2}, "d": 1}, {"a": {"b": 1}}) == {"a": {"c": None}, "d": None}


def test_a_patch_replaces_lists_as_a_whole() -> None:
    assert merge_patch({"a": [{"b": 1}, {"c": 1}]}, {"a": [{"b": 1}]}) == {"a": [{"b": 1}]}


def test_a_mapping_that_becomes_something_else_is_replaced() -> None:
    assert merge_patch({"a": {"b": 1}}, {"a": 1}) == {"a": 1}
    assert merge_patch({"a": 1}, {"a": {"b": 1}}) == {"a": {"b": 1}}


def test_metrics_are_in_base_units() -> None:
    assert in_base_units({"cpu": 1500, "memory": 10, "pods": 3}) == {"cpu": 1.5, "memory": 10}
