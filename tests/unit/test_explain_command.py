"""`paraset explain` over files: what it prints for people and programs, and what wrong input gets."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paraset_operator.cli import main
from tests.cluster_dump import EXAMPLES, dump, example, node, pod, story, written

Json = dict[str, Any]
TRAINER = str(EXAMPLES / "trainer.yaml")
Explain = Callable[..., str]


@pytest.fixture
def explain(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Explain:
    """Returns what is printed about the example over a dump of these objects."""
    monkeypatch.delenv("COLUMNS", raising=False)

    def said(objects: list[Json], *arguments: str, files: tuple[str, ...] = (TRAINER,)) -> str:
        path = tmp_path / "dump.json"
        path.write_text(dump(objects))
        given = [part for file in files for part in ("-f", file)]
        assert main(["explain", "pset/trainer", "-n", "research", "--cluster", str(path), *given, *arguments]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        return printed.out

    return said


def refused(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["explain", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err.removeprefix("paraset: error: ").rstrip("\n")


def test_people_read_which_resource_a_node_lacks_and_what_would_change_it(explain: Explain) -> None:
    lines = explain(story()).splitlines()
    assert re.fullmatch(
        r"ParaSet research/trainer: 0 fillers now, \d+ planned, ceiling 200; as of 2026-03-01T12:00:00Z", lines[0]
    )
    assert "  NoRoom: no node has room for another instance of any shape" in lines
    (about,) = [line for line in lines if line.startswith("node-a:")]
    assert about.startswith("node-a: 6 nvidia.com/gpu, 2 cores, 224Gi memory idle; fragment 100%")
    assert about.endswith("bound by cpu")
    assert (
        "    gpu lacks 1 core: it fits with a min of at most 0.333 cores, for 4 more, or room from pod serving/web-0 "
        "(14 cores)"
    ) in lines


def test_programs_read_the_same(explain: Explain) -> None:
    found = json.loads(explain(story(), "--json"))
    assert (found["namespace"], found["name"], found["current"]) == ("research", "trainer", 0)
    assert found["planned"] == sum(each["planned"] for each in found["shapes"])
    assert found["limits"][0]["reason"] == "NoRoom"
    assert found["limits"][0]["source"] == "plan"
    node_a = next(each for each in found["nodes"] if each["name"] == "node-a")
    assert (node_a["boundBy"], node_a["left"]["nvidia.com/gpu"], node_a["fragmentRate"]) == ("cpu", "4", 1.0)
    assert sum(node_a["categories"]["nvidia.com/gpu"].values()) == pytest.approx(6)
    gap = next(each for each in node_a["shapes"] if each["name"] == "gpu")
    assert gap["lacks"] == {"cpu": "1"}
    assert {each["way"] for each in gap["remedies"]} == {"smallerShape", "otherPodLeaves"}
    assert [(each["reason"], each["nodes"]) for each in found["bound"]] == [("planned", 2), ("cpu", 1)]
    assert found["nodesLeftOut"] == 0


def test_few_nodes_are_shown_unless_all_are_asked_for(explain: Explain) -> None:
    nodes = [node(f"node-{index:02}", cores=0) for index in range(12)]
    assert "2 more nodes have less idle room: --all shows them." in explain(nodes)
    assert "more nodes have less idle room" not in explain(nodes, "--all")
    assert len(json.loads(explain(nodes, "--json", "--all"))["nodes"]) == 12


def test_few_shapes_are_shown_unless_all_are_asked_for(explain: Explain, tmp_path: Path) -> None:
    trainer = example("trainer.yaml")
    gpu = trainer["spec"]["shapes"][0]
    trainer["spec"]["shapes"] = [gpu | {"name": f"gpu-{index}"} for index in range(5)]
    files = (written(tmp_path, trainer),)
    assert "2 more shapes lack room: --all shows them" in explain([node("n", cores=0)], files=files)
    assert "gpu-4 lacks" in explain([node("n", cores=0)], "--all", files=files)


def test_a_set_in_the_dump_needs_no_manifest(explain: Explain) -> None:
    assert explain([*story(), example("trainer.yaml")], files=()).startswith("ParaSet research/trainer:")


def test_a_full_cluster_is_told_in_one_line(explain: Explain) -> None:
    full = [node("n", gpus=1, cores=4), pod("web", "n", gpus=1, cores="4")]
    assert "No node has idle devices or cores.\n" in explain(full)


def test_the_notes_of_the_picture_are_kept(explain: Explain) -> None:
    assert "Note: The dump holds no Pod" in explain([node("n")])


def test_only_ascii_is_printed(explain: Explain) -> None:
    assert explain(story()).isascii()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["deploy/x"], "'deploy/x' names no ParaSet: write pset/NAME, and the namespace with -n"),
        (["pset/"], "'pset/' names no ParaSet"),
        (
            ["pset/x", "--cluster", "d", "--context", "c"],
            "--cluster reads a file in the place of a live cluster: leave out --context",
        ),
        (["pset/x", "--cluster", "-", "-f", "-"], "only one of -f and --cluster can be -, standard input"),
        (["pset/x", "--cluster", "nope.json", "-f", TRAINER], "nope.json: can't be read: No such file or directory"),
        ([], "the following arguments are required: pset/NAME; see `paraset explain --help`"),
    ],
)
def test_a_wrong_command_line_gets_one_line_and_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(*arguments, capsys=capsys).startswith(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pset/trainer"], "there is no ParaSet default/trainer, but research/trainer: name the namespace with -n"),
        (
            ["pset/other", "-n", "research"],
            "there is no ParaSet research/other; the namespace has trainer: `kubectl get pset -A` lists all",
        ),
        (["pset/other", "-n", "nowhere"], "there is no ParaSet nowhere/other; the namespace has none: "),
    ],
)
def test_a_set_that_is_not_there_is_named(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dump.json"
    path.write_text(dump(story()))
    assert refused(*arguments, "--cluster", str(path), "-f", TRAINER, capsys=capsys).startswith(said)


def test_a_dump_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dump.json"
    path.write_text("NAME STATUS")
    said = refused("pset/trainer", "--cluster", str(path), "-f", TRAINER, capsys=capsys)
    assert said.startswith(f"{path}: is no JSON")


def test_a_kubeconfig_that_cannot_be_used_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    said = refused("pset/trainer", "--kubeconfig", str(tmp_path / "none"), capsys=capsys)
    assert said.startswith(f"kubeconfig {tmp_path / 'none'} can't be used")


def test_a_cluster_that_cannot_be_reached_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config"
    config.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
                "users": [{"name": "u", "user": {}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )
    )
    said = refused("pset/trainer", "--kubeconfig", str(config), capsys=capsys)
    assert said.startswith("the API server at http://127.0.0.1:9 can't be reached: ")
    assert said.endswith("or read a file with --cluster")
