"""`top`: who holds what just now, by set and by node."""

import argparse
import sys
import time
from typing import TYPE_CHECKING

from paraset_operator.cli import options as shared
from paraset_operator.cli.errors import CliError
from paraset_operator.cli.output import write
from paraset_operator.cli.source import scene_of

if TYPE_CHECKING:
    from paraset_operator.reporting.top_view import TopView

_PARTS = ("sets", "nodes")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("part", nargs="?", choices=_PARTS, help="show this table alone; default: both")
    parser.add_argument(
        "-w",
        "--watch",
        nargs="?",
        type=_seconds,
        const=2.0,
        metavar="SECONDS",
        help="draw it anew every so many seconds until interrupted (2)",
    )
    shared.add_cluster(parser)
    shared.add_namespaces(parser, "sets")
    shared.add_connection(parser)
    shared.add_output(parser, "docs/kubectl-plugin.md")


def command(options: argparse.Namespace) -> int:
    """Print what is held now, once or again and again."""
    from paraset_operator.reporting.top_json import as_json
    from paraset_operator.reporting.top_table import write_table

    parts = (options.part,) if options.part else _PARTS
    if options.watch is not None:
        _watch(options, parts)
        return 0
    view = _look(options)
    write(options, lambda: as_json(view), lambda out: write_table(view, out, parts))
    return 0


def _look(options: argparse.Namespace) -> "TopView":
    from paraset_operator.reporting.top_view import top_of

    scene = scene_of(options, remembers=False)
    return top_of(scene.snapshot, scene.told, scene.desired, scene.moment.wall, options.namespace, scene.notes)


def _watch(options: argparse.Namespace, parts: tuple[str, ...]) -> None:
    """Draw the tables over and over; what goes wrong after the first time is shown, and tried again."""
    if options.cluster or options.output != shared.TABLE:
        raise CliError("--watch draws tables of a live cluster: leave out --cluster and -o", 2)

    from rich.console import Group, RenderableType
    from rich.live import Live
    from rich.text import Text

    from paraset_operator.reporting.top_table import console_for, tables

    shown: RenderableType = tables(_look(options), parts)
    with Live(shown, console=console_for(sys.stdout), screen=sys.stdout.isatty(), auto_refresh=False) as live:
        while True:
            live.update(shown, refresh=True)
            time.sleep(options.watch)
            try:
                shown = tables(_look(options), parts)
            except CliError as error:
                shown = Group(shown, Text(f"{error}; trying again", style="red"))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.2 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds: give a number from 0.2 to 3600")
    return seconds
