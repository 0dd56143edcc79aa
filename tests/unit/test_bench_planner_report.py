"""The planner's benchmark: its arguments, the clusters it draws and replays, its tables and its JSON."""

import json
from collections import Counter
from pathlib import Path

import pytest
from oracle_cases import MILLI, cluster, milli_shape, owner, state
from rich.console import Console

from bench.planner_bench import NODES, QUICK_NODES, arguments, main
from bench.planner_fairness import Fairness
from bench.planner_instances import instance
from bench.planner_quality import Row, Tightness
from bench.planner_replay import carried_out, disturbed, replan, unseen
from bench.planner_report import (
    Results,
    as_json,
    exponents,
    fairness_table,
    memory_line,
    quality_table,
    tightness_table,
    timing_table,
)
from bench.planner_timing import Memory, Timing
from paraset_operator.planning.planner import Planner, plan

ROW = Row("one-set", 200, "paraset", 0.99, 1.0, 0.99, 12.5, True, 0)
TIMES = [Timing(kind, nodes, nodes / 10, 5) for nodes in (1000, 10_000) for kind in ("first", "full", "steady", "same")]
FAIR = Fairness("weights", 10, {"a": 0.33, "b": 0.67}, {"a": 0.3, "b": 0.7})
GAP = Tightness("ceilings", 100, 2.0, 1.99, 0.005)
RESULTS = Results([ROW], [GAP], TIMES, [Memory(10, 1, 2, 3)], [FAIR])


def test_rows_have_the_promised_keys() -> None:
    written = json.loads(json.dumps(as_json(RESULTS, {}), allow_nan=False))
    assert {"regime", "nodes", "method", "worth", "bound", "fraction", "ms"} <= set(written["rows"][0])
    assert written["exponents"]["full"] == pytest.approx(1.0)
    assert written["fairness"][0]["off"] == pytest.approx(0.1)


def test_a_single_size_has_no_exponent() -> None:
    assert exponents(TIMES[:4]) == {}


def test_tables_show_fractions_and_mark_the_optimum() -> None:
    console = Console(record=True, width=120)
    for table in (quality_table([ROW]), tightness_table([GAP]), timing_table(TIMES), fairness_table([FAIR])):
        console.print(table)
    console.print(memory_line(RESULTS.memory[0]))
    text = console.export_text()
    assert "= 1.0000" in text
    assert "99.00" in text
    assert "+10.00" in text
    assert "0.50" in text
    assert "3 MiB with the plan" in text


def test_quick_is_small_unless_nodes_are_given() -> None:
    assert arguments([]).nodes == NODES
    assert arguments(["--quick"]).nodes == QUICK_NODES
    assert arguments(["--quick", "--nodes", "7"]).nodes == 7


@pytest.mark.parametrize("words", [["--nodes", "0"], ["--regime", "none"]])
def test_bad_arguments_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(words)


def test_the_same_seed_draws_the_same_cluster() -> None:
    assert instance("openb", 5) == instance("openb", 5)
    assert instance("one-set", 5).nodes != instance("one-set", 5, seed=2).nodes


def test_a_plan_carried_out_runs_on_devices_that_were_free() -> None:
    snapshot = instance("skewed-weights", 10)
    after = carried_out(snapshot, plan(snapshot))
    for each in after.nodes:
        used = Counter[int]()
        for pod in each.pods:
            assert sum(share.amount for share in pod.on_devices) == pod.held.get(MILLI, 0)
            for share in pod.on_devices:
                used[share.device] += share.amount
        assert all(amount <= 1000 for amount in used.values())


def test_parts_find_their_device_where_the_fullest_first_would_fail() -> None:
    shapes = [milli_shape(f"m{gpu}", gpu, 100) for gpu in (600, 300, 200, 500, 400)]
    snapshot = cluster([state(gpus=2)], owner("s", *shapes))
    after = carried_out(snapshot, plan(snapshot))
    assert sum(share.amount for pod in after.nodes[0].pods for share in pod.on_devices) == 2000


def test_disturbed_nodes_have_lost_one_pod_and_the_rest_are_the_same_objects() -> None:
    snapshot = instance("one-set", 20)
    changed = disturbed(snapshot, 5, 1)
    lost = [len(old.pods) - len(new.pods) for old, new in zip(snapshot.nodes, changed.nodes, strict=True)]
    assert sorted(lost) == [0] * 15 + [1] * 5
    assert sum(old is new for old, new in zip(snapshot.nodes, changed.nodes, strict=True)) == 15


def test_replanning_what_has_not_changed_gives_the_same_plan() -> None:
    snapshot = instance("skewed-weights", 10)
    planner = Planner()
    first = planner.plan(snapshot)
    assert unseen(snapshot) == snapshot
    assert replan(planner, unseen(snapshot)).actions == first.actions


def test_the_command_writes_rows_and_shows_the_worst_nodes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "results" / "planner.json"
    options = ["--nodes", "8", "--regime", "ceilings", "--no-times", "--worst", "1", "--json", str(file)]
    assert main(options) == 0
    rows = json.loads(file.read_text())["rows"]
    assert next(row["method"] for row in rows) == "paraset"
    assert all(0 < row["fraction"] <= 1 + 1e-6 and row["violations"] == 0 for row in rows)
    [gap] = json.loads(file.read_text())["gaps"]
    assert 0 <= gap["gap"] < 0.2
    assert "loses" in capsys.readouterr().out


def test_carried_out_fillers_run_where_they_were_made() -> None:
    snapshot = cluster([state(gpus=1)], owner("s", milli_shape("g1", 1000), ceiling=1))
    [pod] = carried_out(snapshot, plan(snapshot)).nodes[0].pods
    assert (pod.place, pod.is_running, pod.held) == ("n1", True, pod.requests)
