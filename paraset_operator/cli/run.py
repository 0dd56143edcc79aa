"""`run`: the operator."""

import argparse
import os
import socket

from paraset_operator.cli.errors import CliError

_PORTS = range(65536)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options; their defaults are those of a pod."""
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


def command(options: argparse.Namespace) -> int:
    """Run the operator until it is told to stop."""
    from paraset_operator.cluster.connection import ConnectionFailedError
    from paraset_operator.runtime.run import StartFailedError, run_operator

    try:
        return run_operator(options)
    except (ConnectionFailedError, StartFailedError) as error:
        raise CliError(str(error)) from error


def _identity() -> str:
    """Return a name that no other replica has: pods have host names of their own, two processes on a host have not."""
    return f"{socket.gethostname()}_{os.getpid()}"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) not in _PORTS:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to 65535")
    return int(text)
