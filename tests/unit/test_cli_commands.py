"""The command line: help, version, CRDs, arguments of the operator, and what a mistyped line gets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from paraset_operator import __version__
from paraset_operator.cli import main
from paraset_operator.cli.parser import PARASET as PROGRAM
from paraset_operator.cli.parser import parser_of
from tests.cluster_dump import EXAMPLES, dump, story

ROOT = Path(__file__).parents[2]
PARASET = Path(sys.executable).parent / "paraset"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND; see `paraset --help`"),
        (["pan"], "argument COMMAND: invalid choice: 'pan' (choose from"),
        (
            ["plan", "-n", "a", "-A"],
            "argument -A/--all-namespaces: not allowed with argument -n/--namespace; see `para",
        ),
        (
            ["plan", "--cluster", "x", "--context", "y"],
            "--cluster reads a file in the place of a live cluster: leave out",
        ),
        (["plan", "-f", "-", "--cluster", "-"], "only one of -f and --cluster can be -, standard input"),
        (["plan", "-f", "-", "-f", "-", "--cluster", "x"], "only one of -f and --cluster can be -, standard input"),
        (["run", "--health-port", "http"], "argument --health-port: 'http' is no port: give a number from 0 to 65535"),
        (["run", "--metrics-port", "65536"], "argument --metrics-port: '65536' is no port"),
        (["run", "--log-format", "xml"], "argument --log-format: invalid choice: 'xml'"),
        (["crd", "--all"], "unrecognized arguments: --all; see `paraset --help`"),
    ],
)
def test_a_wrong_command_line_gets_one_line_and_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"paraset: error: {said}")
    assert error.count("\n") == 1


def test_version_and_help_end_with_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    for option, said in (("--version", f"paraset {__version__}"), ("--help", "usage: paraset")):
        with pytest.raises(SystemExit) as left:
            main([option])
        assert left.value.code == 0
        assert capsys.readouterr().out.startswith(said)


def test_the_crds_are_those_checked_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crd"]) == 0
    printed = {each["metadata"]["name"]: each for each in yaml.safe_load_all(capsys.readouterr().out)}
    checked_in = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "crds").glob("*.yaml")]
    assert printed == {each["metadata"]["name"]: each for each in checked_in}


def test_the_operator_runs_with_defaults_fit_for_a_pod() -> None:
    options = vars(parser_of(PROGRAM).parse_args(["run"]))
    assert options.pop("identity")
    assert {name: value for name, value in options.items() if name != "command"} == {
        "kubeconfig": None,
        "context": None,
        "namespace": "paraset-system",
        "fill_namespaces": [],
        "bind_address": "0.0.0.0",
        "health_port": 8080,
        "metrics_port": 8081,
        "log_format": "console",
        "log_level": "info",
    }


def test_an_operator_that_cannot_reach_a_cluster_says_what_to_set(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    missing = str(tmp_path / "none")
    assert main(["run", "--kubeconfig", missing, "--health-port", "0", "--metrics-port", "0"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"paraset: error: kubeconfig {missing} can't be used")
    assert error.endswith("name another with --kubeconfig or KUBECONFIG")


def test_help_loads_none_of_the_libraries() -> None:
    code = "import sys, paraset_operator.cli; print({'pydantic', 'rich', 'yaml', 'aiohttp', 'kopf'} & set(sys.modules))"
    assert _run([sys.executable, "-c", code]).stdout == "set()\n"


def test_a_command_multiplies_matrices_with_one_thread() -> None:
    code = "\n".join(
        (
            "import contextlib, os, paraset_operator.cli",
            "with contextlib.suppress(SystemExit):",
            "    paraset_operator.cli.main(['--version'])",
            "import numpy",
            "print(len(os.listdir('/proc/self/task')))",
        )
    )
    assert _run([sys.executable, "-c", code]).stdout.splitlines()[-1] == "1"


def test_the_installed_command_plans_from_standard_input() -> None:
    done = _run([str(PARASET), "plan", "-f", str(EXAMPLES / "trainer.yaml"), "--cluster", "-"], dump(story()))
    assert (done.returncode, done.stderr) == (0, "")
    assert "research/trainer-7" in done.stdout


def test_the_plan_can_be_printed_where_only_ascii_can_be() -> None:
    arguments = [str(PARASET), "plan", "-f", str(EXAMPLES / "trainer.yaml"), "--cluster", "-"]
    done = _run(arguments, dump(story()), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()


def test_a_reader_that_leaves_early_is_no_error() -> None:
    plan = f"{PARASET} plan -f {EXAMPLES / 'trainer.yaml'} --cluster - --json"
    done = _run(["bash", "-c", f"{plan} | true"], dump(story()))
    assert done.stderr == ""


def _run(arguments: list[str], text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, input=text, capture_output=True, text=True, timeout=60, check=False, env=os.environ | environment
    )
