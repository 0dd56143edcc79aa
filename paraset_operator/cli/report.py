"""`report`: what filling brought and cost."""

import argparse

from paraset_operator.cli import options as shared
from paraset_operator.cli.errors import CliError
from paraset_operator.cli.output import write


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--hours", type=_hours, default=24, metavar="N", help="hours to look back, 1 to 48 (%(default)s)"
    )
    parser.add_argument("--per-hour", action="store_true", help="print hour by hour instead of by set")
    parser.add_argument(
        "-n", "--namespace", default="paraset-system", metavar="NAME", help="namespace of the operator (%(default)s)"
    )
    shared.add_connection(parser)
    shared.add_output(parser, "docs/report.md")


def command(options: argparse.Namespace) -> int:
    """Print a balance."""
    from paraset_operator.reporting.balance_json import as_json
    from paraset_operator.reporting.balance_table import write_table
    from paraset_operator.runtime.report import ReportError, balance_in_cluster

    try:
        balance = balance_in_cluster(options.kubeconfig, options.context, options.namespace, options.hours)
    except ReportError as error:
        raise CliError(str(error)) from error
    write(options, lambda: as_json(balance), lambda out: write_table(balance, out, per_hour=options.per_hour))
    return 0


def _hours(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 48:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours: give a number from 1 to 48")
    return int(text)
