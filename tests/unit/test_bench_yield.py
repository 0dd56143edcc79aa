"""The yield benchmark's arrivals, systems, medians, ratios, verdicts, order of runs and JSON."""

import json
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from rich.console import Console

from bench.arrivals import Arrival, Size, within
from bench.event_to_delete import seconds_to_delete
from bench.figures import Row, lost_gpu_seconds
from bench.gates import gates
from bench.report import as_json, gates_table, medians, ratios, table
from bench.saved_work import INTERVAL, draw
from bench.scenarios import CORES, EVEN_SHARE, GPUS, SCENARIOS, paraset
from bench.systems import SYSTEMS, kept_copies, order
from bench.yield_bench import arguments
from bench.yield_plot import plot
from demo.install import OPERATOR_USER
from demo.objects import GPU, Pod
from demo.operator_process import quantile_of
from demo.state import Change
from demo.wire import OwnerReference

ROW = Row(
    scenario="burst",
    system="native",
    run=1,
    nodes=50,
    exit_s=10.0,
    ls=40,
    bound=40,
    p50_s=4.0,
    p90_s=5.0,
    p99_s=6.0,
    evicted=40,
    evicted_gpus=42,
    needed=40,
    needed_gpus=40,
    lost_gpu_s=100.0,
    shrinks=0,
    free_gpus=0,
    urgent_p99_s=None,
    violations=0,
    waits_s=(4.0, 5.0, 6.0),
)
ROWS = [
    ROW,
    replace(ROW, run=2, p50_s=9.0, p99_s=30.0),
    replace(ROW, run=3, p50_s=2.0, p99_s=10.0),
    replace(ROW, system="paraset", p50_s=2.0, p99_s=5.0, lost_gpu_s=60.0, urgent_p99_s=0.02),
]
KEYS = {"scenario", "system", "nodes", "exit_s", "ls", "bound", "p50_s", "p99_s", "evicted", "needed", "lost_gpu_s"}


def test_medians_are_taken_per_system() -> None:
    native, paraset = medians(ROWS)
    assert (native["p50_s"], native["p99_s"], native["runs"]) == (4.0, 10.0, 3)
    assert (paraset["p50_s"], paraset["runs"]) == (2.0, 1)


def test_ratios_compare_the_medians_of_one_scenario() -> None:
    _, ratio = ratios(ROWS)
    assert (ratio["p50_native"], ratio["p99_native"], ratio["lost_native"]) == (0.5, 0.5, 0.6)
    assert ratio["gpus_needed"] == 1.05
    assert ratio["p99_empty"] != ratio["p99_empty"], "there was no empty cluster to compare with"


def test_a_gate_is_reached_by_a_number_that_is_small_enough() -> None:
    found = {gate.what: gate for gate in gates(medians(ROWS))}
    assert found["burst: p99 over native"].value == 0.5
    assert found["burst: p99 over native"].is_reached
    assert not next(
        gate for gate in gates(medians([*ROWS, replace(ROWS[-1], p99_s=20.0)])) if gate.what == "burst: p99 over native"
    ).is_reached


def test_a_gate_that_has_no_number_is_not_reached() -> None:
    rows = [replace(ROW, p99_s=inf), replace(ROW, system="paraset")]
    assert not next(gate for gate in gates(medians(rows)) if gate.what == "burst: p99 over native").is_reached


def test_the_bursts_gates_hold_for_an_exit_of_ten_seconds_alone() -> None:
    rows = [replace(row, exit_s=1.0) for row in ROWS]
    assert "burst: p99 over native" not in {gate.what for gate in gates(medians(rows))}


def test_rows_have_the_promised_keys_and_unfinished_waits_are_null() -> None:
    rows = [*ROWS, replace(ROW, system="paraset", p99_s=inf, waits_s=(1.0, inf))]
    written = json.loads(json.dumps(as_json(rows, {"nodes": 50}), allow_nan=False))
    assert all(row.keys() >= KEYS for row in written["rows"])
    assert written["rows"][-1]["p99_s"] is None
    assert written["rows"][-1]["waits_s"] == [1.0, None]


def test_the_tables_show_unfinished_waits(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [ROW, replace(ROW, system="paraset", bound=39, p99_s=inf)]
    Console(width=150).print(table(rows), gates_table(rows))
    shown = capsys.readouterr().out
    assert "39/40" in shown
    assert "missed" in shown


def test_the_figure_is_drawn_for_all_scenarios(tmp_path: Path) -> None:
    plot([*ROWS, replace(ROW, scenario="cpu")], tmp_path / "made" / "yield.png")
    assert (tmp_path / "made" / "yield.png").read_bytes().startswith(b"\x89PNG")


def test_systems_take_turns_and_the_empty_cluster_is_first() -> None:
    systems = ["empty", "native", "paraset"]
    assert order(systems, 1) == ["empty", "native", "paraset"]
    assert order(systems, 2) == ["empty", "paraset", "native"]
    assert order(["native"], 2) == ["native"]


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda each: each.name)
def test_every_system_of_a_round_meets_the_same_arrivals_and_another_seed_others(scenario: object) -> None:
    chosen = SCENARIOS[scenario.name]  # type: ignore[attr-defined]
    assert chosen.arrivals(60, 1) == chosen.arrivals(60, 1)
    assert len({tuple(chosen.arrivals(60, seed)) for seed in range(8)}) > 1
    assert len(chosen.arrivals(60, 1)) == 60
    assert set(chosen.systems) <= set(SYSTEMS)


def test_the_surge_is_the_one_of_the_trace() -> None:
    arrivals = SCENARIOS["trace"].arrivals(200, 1)
    assert sum(each.size.gpus for each in arrivals) == 79
    assert arrivals[-1].after < 2.0


def test_fillers_hold_every_gpu_and_every_core_of_a_node() -> None:
    manifest = paraset(3, 2.5)
    shape = manifest["spec"]["shapes"][0]
    assert manifest["spec"]["replicas"] == 3 * GPUS
    assert int(shape["elastic"]["cpu"]["max"]) * GPUS == CORES == EVEN_SHARE * GPUS
    assert manifest["spec"]["yield"]["gracePeriodSeconds"] == 3


SMALL, LARGE = Size(1, 8, 16), Size(2, 16, 32)


def test_headroom_has_room_for_the_most_that_come_within_a_window() -> None:
    times = [(0.0, SMALL), (0.5, SMALL), (1.0, LARGE), (5.0, SMALL), (5.1, SMALL), (5.2, SMALL)]
    arrivals = [Arrival(at, size, "ls") for at, size in times]
    assert within(arrivals, 1.0) == {LARGE: 1, SMALL: 3}
    assert kept_copies(arrivals, 60.0) == {LARGE: 1, SMALL: 5}


def test_a_policy_names_each_size_once() -> None:
    policy = SYSTEMS["headroom"].fill_policy([Arrival(0.0, SMALL, "a"), Arrival(0.0, LARGE, "b")], 10.0)
    assert policy is not None
    assert [each["copies"] for each in policy["spec"]["headroom"]] == [1, 1]
    assert SYSTEMS["paraset"].fill_policy([], 10.0) is None


FILLER = Pod(
    namespace="t",
    name="f",
    uid="u",
    node="n",
    requests={GPU: 2},
    spec_requests={GPU: 2},
    owner=OwnerReference("paraset.io/v1alpha1", "ParaSet", "s", "us", True),
)


def test_work_is_lost_since_it_was_saved() -> None:
    change = Change(103.0, FILLER, replace(FILLER, terminating=True))
    assert lost_gpu_seconds([change], {"u": 100.0}) == pytest.approx(6.0)
    assert lost_gpu_seconds([Change(120.0, FILLER, FILLER)], {"u": 100.0}) == 0.0


def test_work_was_saved_within_the_last_interval() -> None:
    fillers = [replace(FILLER, name=f"f{number}", uid=f"u{number}") for number in range(20)]
    saved = draw(fillers, 100.0, 1)
    assert all(100.0 - INTERVAL <= at <= 100.0 for at in saved.values())
    assert len(set(saved.values())) == 20


def test_a_late_pod_waits_over_a_second_longer_than_on_the_empty_cluster() -> None:
    empty = replace(ROW, scenario="day", system="empty", waits_s=(0.0, 3.0, 0.0))
    rows = [empty, replace(empty, system="auto", waits_s=(0.9, 3.9, 1.1), free_gpus=20)]
    assert medians(rows)[1]["late"] == 1
    assert {gate.what: gate.is_reached for gate in gates(medians(rows))} == {
        "day: p99 of auto over empty": True,
        "day: LS pods over 1 s later than on empty, auto": False,
        "day: GPUs that auto holds back, of all": True,
    }


def test_the_day_of_the_trace_is_the_last_and_runs_60_times_as_fast() -> None:
    arrivals = SCENARIOS["day"].arrivals(1000, 1)
    assert len(arrivals) == 342
    assert arrivals[-1].after <= 86_400 / 60


CREATED = {
    "verb": "create",
    "user": {"username": "admin"},
    "objectRef": {"resource": "pods", "namespace": "serving", "name": "ls"},
    "responseStatus": {"code": 201},
    "stageTimestamp": "2026-11-26T05:00:00.000000Z",
}
DELETED = {
    "verb": "delete",
    "user": {"username": OPERATOR_USER},
    "objectRef": {"resource": "pods", "namespace": "tenant", "name": "filler-1"},
    "responseStatus": {"code": 200},
    "requestReceivedTimestamp": "2026-11-26T05:00:00.030000Z",
}
MADE = {"event": "delete", "beneficiary": "serving/ls", "pod": "tenant/filler-1"}


def test_event_to_delete_is_taken_from_the_audit_log() -> None:
    assert seconds_to_delete([CREATED, DELETED], [MADE]) == pytest.approx([0.03])


def test_what_the_scheduler_deletes_is_not_the_operators() -> None:
    by_scheduler = DELETED | {"user": {"username": "system:kube-scheduler"}}
    assert seconds_to_delete([CREATED, by_scheduler], [MADE]) == []


def test_a_quantile_is_the_end_of_its_bucket() -> None:
    metrics = 'x_bucket{le="0.01"} 90.0\nx_bucket{le="0.02"} 99.0\nx_bucket{le="+Inf"} 100.0\nx_count 100.0\n'
    assert quantile_of(metrics, "x", 0.99) == 0.02
    assert quantile_of(metrics, "x", 1.0) == inf
    assert quantile_of(metrics, "y", 0.5) is None


@pytest.mark.parametrize("option", ["--systems", "--scenario"])
def test_an_unknown_name_is_refused_in_one_line(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments([option, "magic"])
    assert "magic is none of" in capsys.readouterr().err


def test_a_burst_that_the_nodes_cannot_hold_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--nodes", "2", "--ls", "100"])
    assert "too many for 2 nodes" in capsys.readouterr().err


def test_the_pods_of_a_day_are_not_too_many_because_they_leave_again() -> None:
    assert arguments(["--nodes", "8", "--ls", "342", "--scenario", "day"]).ls == 342
