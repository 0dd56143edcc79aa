"""What a real Prometheus makes of the operator's metrics: every panel has data, and says what its title says."""

from pathlib import Path

import pytest
from dashboards import ALL, Query
from operating import eventually
from promtool import run
from scraped import Monitored

from demo.measure import filled, seconds_to_bind
from demo.objects import CPU, GPU

SET = {"namespace": "research", "paraset": "trainer"}
VARIABLES = SET | {"__rate_interval": "5m", "__range": "10m"}


def value(monitored: Monitored, title: str, dashboard: str = "fleet", **labels: str) -> float:
    """What a panel shows now: the sum of its first query's series that have these labels."""
    query = next(each for each in ALL if (each.dashboard, each.title) == (dashboard, title))
    found = monitored.prometheus.query(query.filled(VARIABLES))
    return sum(float(each["value"][1]) for each in found if labels.items() <= each["metric"].items())


def shows(monitored: Monitored, expected: float, title: str, dashboard: str = "fleet", **labels: str) -> None:
    """Wait for the scrape that brings it."""
    near = pytest.approx(expected, rel=0.02, abs=0.01)
    eventually(f"{title} shows {expected:g}", lambda: value(monitored, title, dashboard, **labels) == near, 20)


@pytest.mark.parametrize("query", ALL, ids=str)
def test_a_query_of_a_dashboard_returns_data(monitored: Monitored, query: Query) -> None:
    eventually("there is data", lambda: monitored.prometheus.query(query.filled(VARIABLES)), 15)


def test_promtool_finds_no_fault_in_the_metrics(monitored: Monitored, promtool: Path) -> None:
    run(promtool, "check", "metrics", text=monitored.operator.metrics())


def test_every_alert_can_be_evaluated(monitored: Monitored) -> None:
    groups = monitored.prometheus.get("/api/v1/rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    eventually("all are evaluated", lambda: all(rule["health"] != "unknown" for rule in rules) or None)
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []


def test_no_alert_fires_after_a_burst_that_went_well(monitored: Monitored) -> None:
    assert monitored.prometheus.query('ALERTS{alertstate="firing"}') == []


def test_both_replicas_are_scraped_and_one_leads(monitored: Monitored) -> None:
    eventually("both are up", lambda: monitored.prometheus.value("count(paraset_leader)") == 2)
    assert monitored.prometheus.value("sum(paraset_leader)") == 1


def test_devices_held_are_those_the_api_server_tells(monitored: Monitored) -> None:
    shows(monitored, monitored.observer.read(filled)[GPU], "Devices held by fillers", resource=GPU)


def test_cores_held_are_those_the_api_server_tells(monitored: Monitored) -> None:
    cores = monitored.observer.read(filled)[CPU] / 1000
    shows(monitored, cores, "Cores: held by fillers, and idle")


def test_fillers_of_a_set_are_those_the_api_server_tells(monitored: Monitored) -> None:
    ready = monitored.observer.read(lambda state: [each for each in state.fillers() if each.namespace == "research"])
    shows(monitored, len(ready), "Ready fillers", "paraset")


def test_no_pod_waits_and_none_was_held_up(monitored: Monitored) -> None:
    shows(monitored, 0, "LS pods not bound now")
    shows(monitored, 0, "LS pods that fillers held up over 40 s")


def test_ls_waits_are_no_longer_than_the_slowest_pod_s(monitored: Monitored) -> None:
    slowest = max(seconds_to_bind(monitored.record.waits))
    query = next(each for each in ALL if each.title == "LS waits by cause, p99")
    waits = [float(each["value"][1]) for each in monitored.prometheus.query(query.filled(VARIABLES))]
    # A quantile of a histogram lies within a bucket; they are at most 2.5 times apart.
    assert 0 < max(waits) <= 2.5 * slowest


def test_evictions_and_shrinks_are_those_the_api_server_saw(monitored: Monitored) -> None:
    given = monitored.record.yielded
    assert given
    for step, count in (("evict", given.evictions), ("shrink", given.shrinks)):
        assert monitored.prometheus.value(f'sum(paraset_yields_total{{step="{step}"}})') == count
