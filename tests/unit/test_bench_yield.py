"""The yield benchmark's medians, ratios, order of runs and JSON."""

import json
from dataclasses import replace
from math import inf

import pytest
from rich.console import Console

from bench.lab import Row
from bench.report import as_json, medians, ratios, table
from bench.scenarios import CORES, EVEN_SHARE, GPUS, SCENARIOS
from bench.yield_bench import arguments, order

ROW = Row("gpu", "native", 1, 50, 2.0, 40, 40, 4.0, 5.0, 6.0, 40, 40, 40, 0, 0)
ROWS = [
    ROW,
    replace(ROW, run=2, p50_s=9.0, p99_s=30.0),
    replace(ROW, run=3, p50_s=2.0, p99_s=10.0),
    replace(ROW, system="paraset", p50_s=2.0, p99_s=5.0),
]
KEYS = {"scenario", "system", "nodes", "exit_s", "ls", "bound", "p50_s", "p99_s", "evicted", "needed"}


def test_medians_are_taken_per_system() -> None:
    native, paraset = medians(ROWS)
    assert (native["p50_s"], native["p99_s"], native["runs"]) == (4.0, 10.0, 3)
    assert (paraset["p50_s"], paraset["runs"]) == (2.0, 1)


def test_ratios_compare_the_medians() -> None:
    [ratio] = ratios(ROWS)
    assert (ratio["p50_s"], ratio["p99_s"]) == (0.5, 0.5)
    assert ratios(ROWS[:3]) == []


def test_rows_have_the_promised_keys_and_unfinished_waits_are_null() -> None:
    written = json.loads(
        json.dumps(as_json([*ROWS, replace(ROW, system="paraset", p99_s=inf)], {"nodes": 50}), allow_nan=False)
    )
    assert all(row.keys() >= KEYS for row in written["rows"])
    assert written["rows"][-1]["p99_s"] is None


def test_the_table_shows_unfinished_waits(capsys: pytest.CaptureFixture[str]) -> None:
    Console(width=120).print(table([ROW, replace(ROW, system="paraset", bound=39, p99_s=inf)]))
    assert "39/40" in capsys.readouterr().out


def test_native_and_paraset_take_turns() -> None:
    systems = ["empty", "native", "paraset"]
    assert order(systems, 1) == ["empty", "native", "paraset"]
    assert order(systems, 2) == ["empty", "paraset", "native"]
    assert order(["native"], 2) == ["native"]


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda each: each.name)
def test_fillers_fill_a_node_and_every_ls_pod_has_to_wait_for_room(scenario: object) -> None:
    chosen = SCENARIOS[scenario.name]  # type: ignore[attr-defined]
    paraset = chosen.paraset(nodes=3, exit_seconds=2.5)
    shape = paraset["spec"]["shapes"][0]
    assert paraset["spec"]["replicas"] == 3 * GPUS
    assert int(shape["elastic"]["cpu"]["max"]) * GPUS == CORES
    assert chosen.ls_cores <= EVEN_SHARE * GPUS
    assert paraset["spec"]["yield"]["gracePeriodSeconds"] == 3


def test_an_unknown_system_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--systems", "native,magic"])
    assert "magic is none of empty, native, paraset" in capsys.readouterr().err
