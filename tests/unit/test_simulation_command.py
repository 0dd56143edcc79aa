"""The command `paraset simulate`: its options, its table, where its output goes, and what it says when it can't run."""

import json
import sys
from pathlib import Path

import pytest

from paraset_operator.cli import main
from paraset_operator.simulation.arguments import POLICIES
from paraset_operator.simulation.arguments import SCHEDULERS as NAMED_SCHEDULERS
from paraset_operator.simulation.policies import NAMES
from paraset_operator.simulation.schedulers import SCHEDULERS
from tests.cluster_dump import EXAMPLES, dump, story
from tests.simulation_cases import runs_of, written


def refused(capsys: pytest.CaptureFixture[str], *options: str, status: int = 2) -> str:
    assert main(["simulate", *options]) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err.removeprefix("paraset: error: ").rstrip("\n")


def test_the_command_line_knows_all_schedulers_and_policies() -> None:
    assert tuple(SCHEDULERS) == NAMED_SCHEDULERS
    assert NAMES == POLICIES


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--policy", "best"], "argument --policy: 'best' is none of none, fixed, replicas, shapes, full, all"),
        (["--scheduler", "fgd,x"], "argument --scheduler: 'x' is none of best-fit, least-allocated, fgd, random, all"),
        (["--arrived", "lots"], "argument --arrived: 'lots' is not a number"),
        (["--arrived", "-5"], "argument --arrived: '-5' is not from 0 to 1000"),
        (["--arrived", "nan"], "argument --arrived: 'nan' is not from 0 to 1000"),
        (["--seeds", "0"], "argument --seeds: '0' is no number from 1 to 10000"),
        (["--filler-cpu", "1 core"], "argument --filler-cpu: '1 core' is not a quantity such as 500m, 2 or 4Gi"),
        (["--filler-memory", "0"], "argument --filler-memory: '0' is not more than 0"),
        (["--fixed-gpu", "1.5"], "argument --fixed-gpu: '1.5' is neither a part of one GPU nor a whole number of them"),
        (["--exit", "inf"], "argument --exit: 'inf' is not from 0 to 86400"),
        (["--nodes", "a", "--cluster", "b"], "argument --cluster: not allowed with argument --nodes"),
    ],
)
def test_a_wrong_option_is_one_line(capsys: pytest.CaptureFixture[str], options: list[str], said: str) -> None:
    assert refused(capsys, *options) == f"{said}; see `paraset simulate --help`"


def test_a_replay_has_nodes_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--replay", "--cluster", "dump.json") == (
        "--replay makes nodes of its own: leave out --cluster"
    )


def test_policies_are_listed_with_what_they_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--list-policies"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)


def test_a_table_shows_means_over_the_seeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "runs.json"
    assert main(["simulate", *written(tmp_path), "--policy", "none,full", "--seeds", "2", "--json", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("best-fit, 100 % arrived: LS pods hold ")
    assert [line.split()[0] for line in printed.out.splitlines() if line.strip()][-2:] == ["none", "full"]
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    mean = sum(run["gpus_filled"] for run in runs if run["policy"] == "full") / 2
    assert f" {mean:,.1f} (" in printed.out
    assert printed.err == ""


def test_json_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, *written(tmp_path), "--policy", "none", "--json", str(tmp_path), status=1)
    assert said == f"{tmp_path}: can't be written: Is a directory; check the path"


def test_a_plot_without_matplotlib_names_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "paraset_operator.simulation.plots", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    said = refused(capsys, *written(tmp_path), "--plot", str(tmp_path / "figures"))
    assert "--plot needs matplotlib" in said
    assert said.endswith("pip install 'paraset[plot]'")


def test_figures_are_drawn_and_are_the_same_files_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [*written(tmp_path), "--policy", "none,full", "--json", "-"]
    assert main(["simulate", *options, "--arrived", "60,100", "--plot", str(tmp_path / "still")]) == 0
    assert sorted(path.name for path in (tmp_path / "still").iterdir()) == [
        "allocation.svg",
        "fragments.svg",
        "nodes.svg",
    ]
    for folder in ("a", "b"):
        moving = ["--arrived", "40", "--burst", "3", "--plot", str(tmp_path / folder)]
        assert main(["simulate", *options, *moving]) == 0
    drawn = [(tmp_path / folder / "timeline.svg").read_bytes() for folder in ("a", "b")]
    assert drawn[0] == drawn[1]
    capsys.readouterr()


def test_a_dump_is_simulated_as_it_is_with_the_sets_of_a_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dump.json").write_text(dump(story()), encoding="utf-8")
    options = ["--cluster", str(tmp_path / "dump.json"), "-f", str(EXAMPLES / "trainer.yaml")]
    runs = {run["policy"]: run for run in runs_of(capsys, *options)}
    assert list(runs) == ["none", "full"]
    assert (runs["none"]["gpus"], runs["none"]["gpus_ls"], runs["none"]["gpus_filled"]) == (20.0, 10.0, 0.0)
    assert runs["full"]["gpus_ls"] == 10.0
    assert 0 < runs["full"]["gpus_filled"] <= 10.0
    assert runs["full"]["violations"] == 0


def test_a_cluster_without_ls_pods_is_filled_as_it_is_and_takes_no_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = [each for each in json.loads(dump(story()))["items"] if each["kind"] == "Node"]
    (tmp_path / "dump.json").write_text(json.dumps({"kind": "List", "items": nodes}), encoding="utf-8")
    options = ["--cluster", str(tmp_path / "dump.json"), "-f", str(EXAMPLES / "trainer.yaml")]
    assert runs_of(capsys, *options)[1]["gpus_filled"] > 0
    assert main(["simulate", *options, "--arrived", "50"]) == 2
    assert "paraset: error: no pod asks for anything" in capsys.readouterr().err


def test_a_manifest_that_is_wrong_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "set.yaml").write_text("kind: Pod\n", encoding="utf-8")
    said = refused(capsys, *written(tmp_path), "-f", str(tmp_path / "set.yaml"))
    assert said.startswith(f"{tmp_path}/set.yaml: holds no ParaSet and no FillPolicy")


def test_part_of_the_nodes_keeps_the_mix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs_of(capsys, "--policy", "none", "--node-count", "30", "--arrived", "50")[0]
    assert 100 <= run["gpus"] <= 200
    assert run["gpus_ls"] == pytest.approx(run["gpus"] / 2, rel=0.05)
