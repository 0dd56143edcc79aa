"""Options that several subcommands share, so that each is called, explained and checked alike."""

import argparse

TABLE, JSON, YAML = "table", "json", "yaml"


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Add --kubeconfig and --context."""
    parser.add_argument("--kubeconfig", metavar="FILE", help="kubeconfig to use; default: as kubectl")
    parser.add_argument("--context", metavar="NAME", help="context of the kubeconfig; default: the current one")


def add_namespaces(parser: argparse.ArgumentParser, what: str) -> None:
    """Add -n and -A, of which one at most is given; neither means all, because all sets compete for the same room."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument("-n", "--namespace", metavar="NAME", help=f"show {what} of this namespace alone")
    either.add_argument("-A", "--all-namespaces", action="store_true", help=f"show {what} of all namespaces (default)")


def add_output(parser: argparse.ArgumentParser, described: str, *, alias: bool = False) -> None:
    """Add -o; `described` is the page that explains the keys. With `alias` also --json, as it was called before."""
    text = f"how to print; {described} explains the keys (%(default)s)"
    parser.add_argument("-o", "--output", choices=(TABLE, JSON, YAML), default=TABLE, help=text)
    if alias:
        parser.add_argument("--json", dest="output", action="store_const", const=JSON, help="the same as -o json")


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add --cluster and -f: a dump in the place of a live cluster, and objects laid over either."""
    parser.add_argument(
        "--cluster",
        metavar="FILE",
        help="read this instead of a live cluster: what `snapshot` has written, or what `kubectl get nodes,pods -A "
        "-o json` prints; - for standard input",
    )
    parser.add_argument(
        "-f",
        "--filename",
        dest="files",
        action="append",
        default=[],
        metavar="FILE",
        help="YAML or JSON with ParaSets and FillPolicies that the cluster lacks, or in the place of those it has; - "
        "for standard input; may be repeated",
    )


def add_operator(parser: argparse.ArgumentParser) -> None:
    """Add --operator: where to ask for what only the operator knows."""
    parser.add_argument(
        "--operator",
        metavar="URL",
        help="health port of the operator, such as http://127.0.0.1:8080, to ask which nodes cool down; default: asked "
        "by way of the API server, with the right to get pods/proxy",
    )
