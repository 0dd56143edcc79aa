"""`plan`: what the operator would do now, in a live cluster or from files."""

import argparse

from paraset_operator.cli import options as shared
from paraset_operator.cli.errors import CliError
from paraset_operator.cli.output import write
from paraset_operator.cli.source import scene_of


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    shared.add_cluster(parser)
    shared.add_namespaces(parser, "sets and actions")
    shared.add_connection(parser)
    shared.add_operator(parser)
    shared.add_output(parser, "docs/reference/plan.schema.json", alias=True)


def command(options: argparse.Namespace) -> int:
    """Plan once and print it; nothing is written to the cluster."""
    scene = scene_of(options)
    if not scene.snapshot.sets:
        raise CliError("there is no ParaSet that can be planned for: apply one, or name a file that holds one with -f")

    from paraset_operator.planning.planner import plan
    from paraset_operator.reporting.plan_json import as_json
    from paraset_operator.reporting.plan_table import write_table
    from paraset_operator.reporting.plan_view import of_namespace, view_of

    made = plan(scene.snapshot, scene.pacing, scene.moment)
    view = view_of(scene.snapshot, made, scene.moment, scene.notes)
    if options.namespace:
        view = of_namespace(view, options.namespace)
    write(options, lambda: as_json(view), lambda out: write_table(view, out))
    return 0
