"""The command `paraset`: run the operator, plan offline, explain a set, print a balance, print the CRDs.

Every subcommand imports what it needs when it is chosen, so that `--help` and a mistyped option answer at once. An
error that a person can cure is one line on stderr: exit status 2 for a wrong command line, 1 for anything else.
"""

# ruff: noqa: PLC0415 - see above

import argparse
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from paraset_operator import __version__
from paraset_operator.simulation.arguments import add_arguments

_PORTS = range(65536)


class CliError(Exception):
    """What keeps a command from doing its work, in one sentence that says what to do about it."""

    def __init__(self, message: str, status: int = 1) -> None:
        self.status = status
        super().__init__(" ".join(message.split()))


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line as every other error: in one line."""

    def error(self, message: str) -> NoReturn:
        raise CliError(f"{message}; see `{self.prog} --help`", status=2)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, by default that of the process; return the exit status."""
    try:
        options = _parser().parse_args(argv)
        return int(options.command(options))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        return _reader_gone()
    except CliError as error:
        print(f"paraset: error: {error}", file=sys.stderr)
        return error.status


def _reader_gone() -> int:
    """Leave quietly when `head` has read enough; the interpreter must not flush into the closed pipe either."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def _run(options: argparse.Namespace) -> int:
    from paraset_operator.cluster.connection import ConnectionFailedError
    from paraset_operator.runtime.run import StartFailedError, run_operator

    try:
        return run_operator(options)
    except (ConnectionFailedError, StartFailedError) as error:
        raise CliError(str(error)) from error


def _plan(options: argparse.Namespace) -> int:
    sources = [*options.files, options.cluster]
    if sources.count("-") > 1:
        raise CliError("only one of -f and --cluster can be -, standard input: name a file for the others", status=2)

    from paraset_operator.planning.planner import plan
    from paraset_operator.reporting.plan_json import write_json
    from paraset_operator.reporting.plan_table import write_table
    from paraset_operator.reporting.plan_view import view_of
    from paraset_operator.runtime.offline import load
    from paraset_operator.runtime.offline_files import OfflineError

    try:
        cluster = load(options.files, options.cluster)
    except OfflineError as error:
        raise CliError(str(error)) from error
    made = plan(cluster.snapshot, moment=cluster.moment)
    write = write_json if options.json else write_table
    write(view_of(cluster.snapshot, made, cluster.moment, cluster.notes), sys.stdout)
    sys.stdout.flush()
    return 0


def _explain(options: argparse.Namespace) -> int:
    if options.cluster and (options.kubeconfig or options.context):
        raise CliError("--cluster explains a dump: leave out --kubeconfig and --context", status=2)
    if options.files and not options.cluster:
        raise CliError("-f goes with --cluster: a live cluster has its ParaSets itself", status=2)
    if [*options.files, options.cluster].count("-") > 1:
        raise CliError("only one of -f and --cluster can be -, standard input: name a file for the others", status=2)

    from paraset_operator.reporting.explanation_json import write_json
    from paraset_operator.reporting.explanation_text import write_text
    from paraset_operator.runtime.explain import ExplainError, explained, name_in, scene_in_cluster, scene_in_files

    try:
        name = name_in(options.target)
        if options.cluster:
            scene = scene_in_files(options.files, options.cluster)
        else:
            scene = scene_in_cluster(options.kubeconfig, options.context)
        found = explained(scene, name, options.namespace, everything=options.all)
    except ExplainError as error:
        raise CliError(str(error), status=2) from error
    if options.json:
        write_json(found, scene.moment.wall, sys.stdout)
    else:
        write_text(found, scene.moment.wall, sys.stdout, everything=options.all)
    sys.stdout.flush()
    return 0


def _report(options: argparse.Namespace) -> int:
    from paraset_operator.reporting.balance_json import write_json
    from paraset_operator.reporting.balance_table import write_table
    from paraset_operator.runtime.report import ReportError, balance_in_cluster

    try:
        balance = balance_in_cluster(options.kubeconfig, options.context, options.namespace, options.hours)
    except ReportError as error:
        raise CliError(str(error)) from error
    if options.output == "json":
        write_json(balance, sys.stdout)
    else:
        write_table(balance, sys.stdout, per_hour=options.per_hour)
    sys.stdout.flush()
    return 0


def _simulate(options: argparse.Namespace) -> int:
    from paraset_operator.simulation.command import SimulationFailedError, run_simulation

    try:
        return run_simulation(options)
    except SimulationFailedError as error:
        raise CliError(str(error), error.status) from error


def _crd(_options: argparse.Namespace) -> int:
    import yaml

    from paraset_operator.api.crd import fill_policy_crd, paraset_crd

    # By way of JSON, which knows no shared parts: YAML would write these as anchors.
    crds = json.loads(json.dumps([paraset_crd(), fill_policy_crd()]))
    print(yaml.safe_dump_all(crds, sort_keys=False, width=120, allow_unicode=True, explicit_start=True), end="")
    sys.stdout.flush()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="paraset",
        description="Fill the free fragments of a Kubernetes cluster with best-effort pods that yield first.",
    )
    parser.add_argument("--version", action="version", version=f"paraset {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(_command(commands, "run", _run, "run the operator"))
    _add_plan(_command(commands, "plan", _plan, "show what the operator would do, from files alone"))
    _add_explain(_command(commands, "explain", _explain, "say why a set holds what it does and no more"))
    _add_report(_command(commands, "report", _report, "print what filling brought and cost in the last hours"))
    add_arguments(_command(commands, "simulate", _simulate, "fill a simulated cluster, by default a public trace"))
    _command(commands, "crd", _crd, "print the CustomResourceDefinitions as YAML")
    return parser


def _command(
    commands: "argparse._SubParsersAction[_Parser]",
    name: str,
    command: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(command=command)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kubeconfig", metavar="FILE", help="kubeconfig to use; default: as kubectl, or in the cluster"
    )
    parser.add_argument("--context", metavar="NAME", help="context of the kubeconfig; default: the current one")
    parser.add_argument("--namespace", default="paraset-system", help="namespace of the Lease (%(default)s)")
    parser.add_argument(
        "--fill-namespace",
        dest="fill_namespaces",
        action="append",
        default=[],
        metavar="NAME",
        help="count only ParaSets of this namespace; may be repeated (all)",
    )
    parser.add_argument("--identity", default=_identity(), help="name of this process in the Lease (%(default)s)")
    parser.add_argument("--bind-address", default="0.0.0.0", metavar="ADDRESS", help="for both ports (%(default)s)")  # noqa: S104 - probes come from outside the pod
    for name, port, use in (("health", 8080, "probes"), ("metrics", 8081, "Prometheus")):
        text = f"for {use}, 0: off (%(default)s)"
        parser.add_argument(f"--{name}-port", type=_port, default=port, metavar="PORT", help=text)
    parser.add_argument("--log-format", choices=("console", "json"), default="console", help="how to log (%(default)s)")
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info", help="least to log (%(default)s)"
    )


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-f",
        "--filename",
        dest="files",
        action="append",
        required=True,
        metavar="FILE",
        help="YAML or JSON with ParaSets and FillPolicies, - for standard input; may be repeated",
    )
    parser.add_argument(
        "--cluster",
        required=True,
        metavar="FILE",
        help="what `kubectl get nodes,pods -A -o json` prints, - for standard input",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, described by docs/reference/plan.schema.json")


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="pset/NAME", help="the ParaSet")
    parser.add_argument("-n", "--namespace", default="default", metavar="NAME", help="its namespace (%(default)s)")
    parser.add_argument("--kubeconfig", metavar="FILE", help="kubeconfig to use; default: as kubectl")
    parser.add_argument("--context", metavar="NAME", help="context of the kubeconfig; default: the current one")
    parser.add_argument(
        "--cluster", metavar="FILE", help="explain a dump (see `paraset plan --help`) instead of a live cluster"
    )
    parser.add_argument(
        "-f",
        "--filename",
        dest="files",
        action="append",
        default=[],
        metavar="FILE",
        help="with --cluster: ParaSets and FillPolicies that the dump lacks; may be repeated",
    )
    parser.add_argument("--all", action="store_true", help="show every node and every shape, not only the first few")
    parser.add_argument("--json", action="store_true", help="print JSON, described by docs/explain.md")


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hours", type=_hours, default=24, metavar="N", help="hours to look back, 1 to 48 (%(default)s)"
    )
    parser.add_argument("--per-hour", action="store_true", help="print hour by hour instead of by set")
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table", help="how to print (%(default)s)")
    parser.add_argument(
        "-n", "--namespace", default="paraset-system", metavar="NAME", help="namespace of the operator (%(default)s)"
    )
    parser.add_argument("--kubeconfig", metavar="FILE", help="kubeconfig to use; default: as kubectl")
    parser.add_argument("--context", metavar="NAME", help="context of the kubeconfig; default: the current one")


def _hours(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 48:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours: give a number from 1 to 48")
    return int(text)


def _identity() -> str:
    """Return a name that no other replica has: pods have host names of their own, two processes on a host have not."""
    return f"{socket.gethostname()}_{os.getpid()}"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) not in _PORTS:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to 65535")
    return int(text)
