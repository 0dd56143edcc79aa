"""`explain`: why a set holds what it does and no more."""

import argparse

from paraset_operator.cli import options as shared
from paraset_operator.cli.errors import CliError
from paraset_operator.cli.output import write
from paraset_operator.cli.source import scene_of


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("target", metavar="pset/NAME", help="the ParaSet")
    parser.add_argument("-n", "--namespace", metavar="NAME", help="its namespace; default: that of the context")
    shared.add_cluster(parser)
    shared.add_connection(parser)
    shared.add_operator(parser)
    parser.add_argument("--all", action="store_true", help="show every node and every shape, not only the first few")
    shared.add_output(parser, "docs/explain.md", alias=True)


def command(options: argparse.Namespace) -> int:
    """Print what a set holds, what limits it, and what would change that."""
    from paraset_operator.reporting.explanation_json import as_json
    from paraset_operator.reporting.explanation_text import write_text
    from paraset_operator.runtime.explain import ExplainError, explained, name_in

    try:
        name = name_in(options.target)
        scene = scene_of(options, status=2)
        found = explained(scene, name, options.namespace or scene.namespace, everything=options.all)
    except ExplainError as error:
        raise CliError(str(error), status=2) from error
    when = scene.moment.wall
    write(options, lambda: as_json(found, when), lambda out: write_text(found, when, out, everything=options.all))
    return 0
