"""`paraset plan` for people: one row a line in a pipe, folded into the width asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paraset_operator.cli import main
from tests.cluster_dump import EXAMPLES, GPU, dump, example, filler, node, pod, story, template_hashes

Show = Callable[..., str]
LONG = "gke-prod-gpu-pool-1-abcdef01-x2yz"


@pytest.fixture
def show(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Show:
    """Returns what is printed for these objects, in a pipe or in that many columns."""

    def shown(objects: list[Any], *more: str, columns: int | None = None) -> str:
        cluster = tmp_path / "cluster.json"
        cluster.write_text(dump(objects))
        monkeypatch.delenv("COLUMNS", raising=False)
        if columns:
            monkeypatch.setenv("COLUMNS", str(columns))
        assert main(["plan", "-f", str(EXAMPLES / "trainer.yaml"), *more, "--cluster", str(cluster)]) == 0
        return capsys.readouterr().out

    return shown


def crowded() -> list[Any]:
    trainer = example("trainer.yaml")
    requests, hashes = {"cpu": "3500m", "memory": "8Gi", GPU: "1"}, template_hashes(trainer)
    fillers = [filler(trainer, index, LONG, "gpu", requests, hashes["gpu"]) for index in range(4)]
    return [node(LONG, gpus=4, cores=16), node("b", gpus=8, cores=9), *fillers, pod("infer-7d9f6b5c4-x", gpus=4)]


def rows(text: str, beginning: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip().startswith(beginning)]


def test_nodes_show_who_holds_gpus_and_cores_and_what_binds(show: Show) -> None:
    text = show(story())
    assert rows(text, "node-a") == [["node-a", "2", "2", "4", "14", "2", "0", "32", "8", "216", "cpu"]]
    assert rows(text, "node-c") == [["node-c", "0", "4", "0", "0", "16", "0", "0", "18", "238", "cpu"]]


def test_sets_show_counts_shapes_and_limits(show: Show) -> None:
    assert rows(show(story()), "research/trainer ") == [
        ["research/trainer", "0", "8", "200", "6", "gpu,", "2", "cpu", "NoRoom:", *_no_room()]
    ]


def _no_room() -> list[str]:
    return ["no", "node", "has", "room", "for", "another", "instance", "of", "any", "shape"]


def test_actions_for_one_reason_stand_together(show: Show) -> None:
    lines = show(story()).splitlines()
    start = lines.index("FillsFreeRoom")
    assert [line.split()[:4] for line in lines[start + 1 : start + 9]] == [
        ["create", f"research/trainer-{index}", f"node-{on}", shape]
        for index, (on, shape) in enumerate(
            [*[("a", "gpu")] * 2, ("b", "cpu"), *[("c", "gpu")] * 4, ("c", "cpu")],
        )
    ]


def test_an_eviction_says_for_whom_what_was_held_and_what_is_lost(show: Show) -> None:
    cluster = [each for each in crowded() if each["metadata"]["name"] != "b"]
    text = show(cluster)
    assert "YieldsToLatencySensitive for serving/infer-7d9f6b5c4-x" in text
    (first, *_) = rows(text, "delete")
    assert first[2:] == [LONG, "gpu", *["gpu", "1,", "cpu", "3500m,", "mem", "8Gi", "295", "s", "lost"]]
    assert f"serving/infer-7d9f6b5c4-x is nominated for {LONG}." in text


def test_room_kept_for_ls_work_has_a_column(show: Show) -> None:
    assert "kept" not in show(story())
    assert "kept" in show(story(), "-f", str(EXAMPLES / "fillpolicy.yaml"))


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_tables_fold_into_the_width_asked_for(show: Show, columns: int) -> None:
    text = show(crowded(), "-f", str(EXAMPLES / "fillpolicy.yaml"), columns=columns)
    tables = text[text.index("Nodes") : text.index("Fragmentation")]
    assert max(len(line) for line in tables.splitlines() if " is nominated for " not in line) <= columns
    assert "bound by" in text


def test_a_pipe_gets_one_line_a_row_without_colour(show: Show) -> None:
    text = show(crowded())
    assert "\x1b" not in text
    assert all(LONG in line for line in text.splitlines() if line.startswith("gke-"))


def test_fragmentation_is_one_line(show: Show) -> None:
    said = "Fragmentation, nvidia.com/gpu: 8 of 10 idle (80%) before, 4 of 4 idle (100%) after"
    assert said in show(story()).splitlines()


def test_without_ls_pods_fragmentation_is_said_to_be_unknown(show: Show) -> None:
    assert "Fragmentation: unknown" in show([node("node-a")])


def test_a_full_cluster_says_that_nothing_is_to_be_done(show: Show) -> None:
    text = show([node("node-a", gpus=0, cores=1), pod("web-0", "node-a")])
    assert "0 actions as of" in text
    assert "Nothing is to be done" in text
