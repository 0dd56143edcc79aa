"""docs/kubectl-plugin.md tells of every command of the plugin, of every option, and of every key of `top -o json`."""

import argparse
import re
from pathlib import Path

import pytest

from paraset_operator.cli.errors import CliError
from paraset_operator.cli.parser import PLUGIN, parser_of
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.reporting.top_json import as_json
from paraset_operator.reporting.top_view import top_of
from tests.planning_cases import node, paraset, shape

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "kubectl-plugin.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
LINES = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
COMMANDS = [line for line in LINES if line.startswith("kubectl paraset ")]


def options_of(command: str) -> set[str]:
    parser = parser_of(PLUGIN)
    (commands,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    actions = commands.choices[command]._actions
    long = {name for each in actions for name in each.option_strings if name.startswith("--")}
    return long - {"--help", "--json", "--filename", "--output", "--namespace", "--all-namespaces"}


@pytest.mark.parametrize("command", PLUGIN.commands)
def test_every_command_and_option_is_told_of(command: str) -> None:
    assert f"\n## {command}\n" in PAGE
    assert {option for option in options_of(command) if option not in PAGE} == set()


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_line_on_the_page_is_one_that_is_taken(line: str) -> None:
    try:
        parser_of(PLUGIN).parse_args(line.removeprefix("kubectl paraset ").split())
    except CliError as error:
        pytest.fail(str(error))


def test_every_key_of_top_is_told_of() -> None:
    found = as_json(top_of(Snapshot((NodeState(node()),), (), (paraset("s", shape("gpu", gpus=1)),)), {}, {}, 0.0))
    rows = PAGE.split("| key of `-o json` |")[1].split("\n\n")[0]
    keys = {*found, *found["sets"][0], *found["nodes"][0], *found["total"]}
    assert {key for key in keys if not re.search(rf"\b{key}\b", rows)} == set()
