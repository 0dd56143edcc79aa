"""The series of single sets: bounded by the sets there are, and shown by the leader alone."""

from dataclasses import replace

import pytest
from planning_cases import filler, paraset, shape
from prometheus_client import CollectorRegistry, generate_latest
from runtime_cases import delete

from paraset_operator.model.plan import Limit, LimitReport, Reason, ResizePod, SetReport
from paraset_operator.model.resources import minus
from paraset_operator.reporting.observed import NONE_SEEN, Observed
from paraset_operator.reporting.set_metrics import SetMetrics
from paraset_operator.runtime.memory import work_lost

SET = paraset("s", shape(cpu=2, gpus=1))
KEY = (SET.namespace, SET.name)
GPU = "nvidia.com/gpu"


class Shown:
    """The metrics of sets, and what Prometheus would read of them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sets = SetMetrics(self.registry)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, {"namespace": SET.namespace, "paraset": SET.name} | labels)

    @property
    def series(self) -> list[str]:
        lines = generate_latest(self.registry).decode().splitlines()
        return [line for line in lines if not line.startswith("#")]


def test_a_set_is_shown_as_seen_and_as_planned() -> None:
    shown = Shown()
    shown.sets.saw(SetReport(SET, replicas=3), Observed(replicas=2, ready=1, resources={"cpu": 1500, GPU: 2}))
    assert shown.value("paraset_desired_fillers") == 3
    assert shown.value("paraset_ceiling") == SET.ceiling
    assert shown.value("paraset_fillers", state="ready") == 1
    assert shown.value("paraset_set_held", resource="cpu") == 1.5


def test_what_a_set_does_not_hold_any_more_is_not_shown() -> None:
    shown = Shown()
    shown.sets.saw(SetReport(SET), Observed(resources={"cpu": 1500, GPU: 2}))
    shown.sets.saw(SetReport(SET), Observed(resources={"cpu": 1500}))
    assert shown.value("paraset_set_held", resource=GPU) is None


def test_a_limit_that_is_gone_is_not_shown() -> None:
    shown = Shown()
    shown.sets.saw(SetReport(SET, limited_by=(LimitReport(Limit.QUOTA, ""),)), NONE_SEEN)
    assert shown.value("paraset_set_limited", reason="QuotaExceeded") == 1
    shown.sets.saw(SetReport(SET, limited_by=(LimitReport(Limit.NO_ROOM, ""),)), NONE_SEEN)
    assert shown.value("paraset_set_limited", reason="QuotaExceeded") is None


def test_counters_of_a_set_begin_at_nothing_so_that_the_first_is_an_increase() -> None:
    shown = Shown()
    shown.sets.saw(SetReport(SET), NONE_SEEN)
    assert shown.value("paraset_yields_total", step="evict") == 0
    assert shown.value("paraset_short_lived_fillers_total") == 0


def test_lost_work_is_counted_in_the_units_of_the_status() -> None:
    action = delete(pod=filler(SET), owner=SET, lost_seconds=10)
    shown = Shown()
    shown.sets.yielded(action, work_lost(action))
    assert shown.value("paraset_lost_work_resource_seconds_total", resource="cpu") == 20
    assert shown.value("paraset_lost_work_resource_seconds_total", resource=GPU) == 10


@pytest.mark.parametrize(("gives", "step"), [({"cpu": 1}, "shrink-cpu"), ({"cpu": 1, "memory": 1}, "shrink-memory")])
def test_a_shrink_is_counted_by_the_dearest_that_it_gives(gives: dict[str, int], step: str) -> None:
    pod = filler(paraset("s", shape(cpu=(1, 8), memory=(1, 8))), cpu=8, memory=8)
    shown = Shown()
    shown.sets.yielded(ResizePod(pod, SET, {}, minus(pod.requests, gives), Reason.YIELDS), {})
    assert shown.value("paraset_yields_total", step=step) == 1


def test_of_a_set_that_is_gone_nothing_is_left_though_its_fillers_leave_later() -> None:
    shown = Shown()
    shown.sets.saw(SetReport(SET), Observed(resources={"cpu": 1500}))
    shown.sets.keep([])
    shown.sets.yielded(delete(pod=filler(SET), owner=SET), {"cpu": 10})
    shown.sets.gained(KEY, {"cpu": 10.0})
    shown.sets.keep([])
    assert shown.series == []


def test_a_set_that_is_there_keeps_what_was_counted() -> None:
    shown = Shown()
    shown.sets.gained(KEY, {"cpu": 10.0})
    shown.sets.gained((SET.namespace, "gone"), {"cpu": 10.0})
    shown.sets.keep([KEY])
    assert shown.value("paraset_filled_resource_seconds_total", resource="cpu") == 10
    assert all('paraset="s"' in line for line in shown.series)


def test_who_stands_by_shows_no_set_and_shows_it_again_when_it_leads() -> None:
    shown = Shown()
    report, seen = SetReport(SET, replicas=3), Observed(resources={"cpu": 1500})
    shown.sets.saw(report, seen)
    shown.sets.stand_by()
    assert shown.value("paraset_desired_fillers") is None
    shown.sets.saw(report, replace(seen))
    assert shown.value("paraset_desired_fillers") == 3
