"""`paraset top`: amounts add up on every node, a troubled node is nobody's room, and the tables fit a terminal."""

import json
from pathlib import Path
from typing import Any

import pytest

from paraset_operator.cli import main
from tests.cluster_dump import EXAMPLES, GPU, dump, example, filler, node, pod, story, template_hashes

Json = dict[str, Any]
TRAINER = EXAMPLES / "trainer.yaml"


@pytest.fixture
def cluster(tmp_path: Path) -> str:
    """The story with one filler that runs, one that leaves, an LS pod that waits, and a node that is cordoned."""
    trainer, requests = example("trainer.yaml"), {"cpu": "1", "memory": "4Gi", GPU: "1"}
    fillers = [filler(trainer, index, "node-c", "gpu", requests, template_hashes(trainer)["gpu"]) for index in (0, 1)]
    fillers[0]["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    fillers[1]["metadata"]["deletionTimestamp"] = "2026-03-01T12:00:00Z"
    path = tmp_path / "dump.json"
    path.write_text(dump(story(*fillers, pod("late-0"), node("node-d", gpus=4, cores=8, unschedulable=True))))
    return str(path)


def shown(cluster: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["top", "--cluster", cluster, "-f", str(TRAINER), *arguments]) == 0
    return capsys.readouterr().out


def test_what_is_held_and_idle_adds_up(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(shown(cluster, capsys, "-o", "json"))
    held = {each["name"]: each for each in found["nodes"]}["node-c"]
    assert (held["allocatable"][GPU], held["filled"][GPU], held["idle"][GPU]) == ("4", "2", "2")
    (only,) = found["sets"]
    assert (only["current"], only["ready"], only["leaving"], only["resources"][GPU]) == (1, 1, 1, "1")
    assert found["waiting"] == 1


def test_a_cordoned_node_is_shown_and_not_counted(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(shown(cluster, capsys, "-o", "json"))
    assert {each["name"]: each["trouble"] for each in found["nodes"]}["node-d"] == "Cordoned"
    assert found["total"]["allocatable"][GPU] == "20"


def test_the_sets_of_another_namespace_are_left_out(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(shown(cluster, capsys, "-n", "elsewhere", "-o", "json"))
    assert (found["sets"], len(found["nodes"])) == ([], 4)


def test_one_table_alone_can_be_asked_for(cluster: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "node-a" not in shown(cluster, capsys, "sets")
    assert "research/trainer" not in shown(cluster, capsys, "nodes")


def test_the_tables_fit_eighty_columns(
    cluster: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = shown(cluster, capsys).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("research/trainer ") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--watch", "0"], "'0' is no number of seconds: give a number from 0.2 to 3600"),
        (["--watch", "soon"], "'soon' is no number of seconds"),
        (["--watch", "2", "--cluster", "x"], "--watch draws tables of a live cluster: leave out --cluster and -o"),
        (["--watch", "2", "-o", "json"], "--watch draws tables of a live cluster"),
        (["pods"], "argument part: invalid choice: 'pods'"),
    ],
)
def test_a_wrong_command_line_gets_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["top", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
