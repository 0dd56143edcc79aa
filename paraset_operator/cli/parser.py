"""Which subcommands each program has; what a subcommand takes and does is in its own module."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from paraset_operator import __version__
from paraset_operator.cli import crd, explain, plan, report, run, simulate, snapshot, top
from paraset_operator.cli.errors import Parser

_COMMANDS = {
    "run": (run.add_to, run.command, "run the operator"),
    "plan": (plan.add_to, plan.command, "show what the operator would do"),
    "explain": (explain.add_to, explain.command, "say why a set holds what it does and no more"),
    "top": (top.add_to, top.command, "show who holds what just now, by set and by node"),
    "report": (report.add_to, report.command, "print what filling brought and cost in the last hours"),
    "snapshot": (snapshot.add_to, snapshot.command, "write down what a plan is made from, to replay or to attach"),
    "simulate": (simulate.add_to, simulate.command, "fill a simulated cluster, by default a public trace"),
    "crd": (crd.add_to, crd.command, "print the CustomResourceDefinitions as YAML"),
}


@dataclass(frozen=True, slots=True)
class Program:
    """A name that people call it by, and the subcommands it has."""

    name: str
    commands: tuple[str, ...]


PARASET = Program("paraset", tuple(_COMMANDS))
# What a user of a cluster asks; to run the operator is no matter of kubectl's.
PLUGIN = Program("kubectl paraset", ("plan", "explain", "top", "report", "snapshot"))


def parser_of(program: Program) -> Parser:
    """Return the parser of a program."""
    parser = Parser(
        prog=program.name,
        description="Fill the free fragments of a Kubernetes cluster with best-effort pods that yield first.",
    )
    parser.add_argument("--version", action="version", version=f"{program.name} {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in program.commands:
        add_to, command, text = _COMMANDS[name]
        add_to(_command(commands, name, command, text))
    return parser


def _command(
    commands: "argparse._SubParsersAction[Parser]",
    name: str,
    command: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(command=command)
    return parser
