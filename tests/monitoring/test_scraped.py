"""What a real Prometheus makes of the operator's metrics: every panel has data, and says what its title says."""

from pathlib import Path

import pytest
from dashboards import ALL, Query
from operating import eventually
from promtool import run
from scraped import Monitored

from demo.measure import filled, seconds_to_bind, yielded
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
    slowest = max(seconds_to_bind(monitored.waits))
    query = next(each for each in ALL if each.title == "LS waits by cause, p99")
    waits = [float(each["value"][1]) for each in monitored.prometheus.query(query.filled(VARIABLES))]
    # A quantile of a histogram lies within a bucket; they are at most 2.5 times apart.
    assert 0 < max(waits) <= 2.5 * slowest


# On a busy machine a filler now and then leaves uncounted, such as while no replica holds the Lease.
MOST = 0.8


def left_otherwise(monitored: Monitored) -> float:
    """How many fillers the operator took away for other reasons than LS work: bound ones count as evictions as well."""
    others = 'verb="delete",result="done",reason!~"YieldsToLatencySensitive|MakesHeadroom|MakesRoomForAnnounced"'
    return monitored.prometheus.value(f"sum(paraset_actions_total{{{others}}})") or 0.0


def test_yields_are_those_that_the_api_server_saw(monitored: Monitored) -> None:
    seen = yielded(monitored.observer.since(0)).evictions
    counted = monitored.prometheus.value('sum(paraset_yields_total{step=~"evict|preempt"})') or 0.0
    assert MOST * (seen - left_otherwise(monitored)) <= counted <= seen
    assert counted > 0


def test_work_lost_is_what_the_set_s_status_tells(monitored: Monitored) -> None:
    path = "/apis/paraset.io/v1alpha1/namespaces/research/parasets/trainer"
    told = monitored.cluster.api.get(path)["status"]["lostWork"]["resourceSeconds"]
    assert told[GPU] > 0
    for name, amount in told.items():
        series = f'paraset_lost_work_resource_seconds_total{{paraset="trainer",resource="{name}"}}'
        assert monitored.prometheus.value(f"sum({series})") == amount


def test_the_first_release_is_seen_as_an_increase(monitored: Monitored) -> None:
    """Prometheus extrapolates an increase, so it is near what was counted."""
    released = f'paraset_room_released_total{{resource="{GPU}"}}'
    counted = monitored.prometheus.value(f"sum({released})")
    assert monitored.prometheus.value(f"sum(increase({released}[10m]))") == pytest.approx(counted, rel=0.2)


def test_devices_released_are_those_that_fillers_were_seen_to_leave(monitored: Monitored) -> None:
    """No filler of the examples has more than one."""
    seen = yielded(monitored.observer.since(0)).gpus
    released = monitored.prometheus.value(f'sum(paraset_room_released_total{{resource="{GPU}"}})') or 0.0
    assert MOST * (seen - left_otherwise(monitored)) <= released <= seen
    assert released > 0
