"""Who leads shows plans, who stands by does not; and what failed is counted."""

from planning_cases import amounts, node, snapshot

from paraset_operator.model.plan import Plan
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.runtime.loop import _surviving

PLAN = Plan(filled=amounts(cpu=6, gpus=1), idle=amounts(cpu=2))


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_a_plan_is_shown_until_another_replica_leads() -> None:
    metrics = Metrics()
    metrics.took(snapshot(node("n1")), PLAN)
    assert (value(metrics, "paraset_filled", resource="cpu"), value(metrics, "paraset_idle", resource="cpu")) == (6, 2)
    metrics.stand_by()
    assert value(metrics, "paraset_filled", resource="cpu") is None
    assert value(metrics, "paraset_idle", resource="cpu") is None


def test_what_fillers_hold_all_of_is_shown_as_nothing_idle() -> None:
    metrics = Metrics()
    metrics.took(snapshot(node("n1")), PLAN)
    assert value(metrics, "paraset_idle", resource="nvidia.com/gpu") == 0


def test_plans_and_failures_begin_at_nothing_so_that_the_first_is_an_increase() -> None:
    metrics = Metrics()
    for path in ("full", "urgent"):
        assert value(metrics, "paraset_plans_total", path=path) == 0
        assert value(metrics, "paraset_turn_failures_total", path=path) == 0


def test_a_turn_that_fails_is_survived_and_counted() -> None:
    metrics = Metrics()
    with _surviving("urgent", metrics):
        raise ValueError("a mistake of ours")
    assert value(metrics, "paraset_turn_failures_total", path="urgent") == 1
