"""The commands of `python -m devcluster`, for people; programs use LocalCluster."""

import argparse
import sys
from pathlib import Path
from typing import Any

from devcluster import cli_real
from devcluster.background import BackgroundError, NamedCluster, Running, all_clusters
from devcluster.binaries import BUNDLES, KUBELET, BinariesMissingError
from devcluster.build import BuildError, build_control_plane
from devcluster.build import build as build_bundle
from devcluster.processes import ProcessDiedError
from devcluster.readiness import NotReadyError
from devcluster.realnodes import isolation, requirements
from devcluster.realnodes.configs import NodeSizeError
from devcluster.realnodes.nodes import real_settings
from devcluster.settings import ClusterSettings, NodeSpec
from devcluster.toolchain import ToolchainError
from devcluster.traces import NODES, TraceError, read_openb_nodes, sample

DEFAULT_NAME = "paraset"
COMMAND: dict[str, Any] = {"nargs": "+", "metavar": "COMMAND", "help": "after `--`"}
EXPECTED = (
    BackgroundError,
    BinariesMissingError,
    BuildError,
    NodeSizeError,
    isolation.IsolationError,
    ProcessDiedError,
    NotReadyError,
    ToolchainError,
    TraceError,
)


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code says whether it succeeded, and an expected failure is one clear message."""
    arguments = sys.argv[1:] if argv is None else argv
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options, arguments[1:]))
    except requirements.RequirementError as error:
        print(error, file=sys.stderr)
        return requirements.EXIT_CODE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except (*EXPECTED, OSError) as error:
        print("\n".join([f"devcluster {options.command}: {error}", *getattr(error, "__notes__", [])]), file=sys.stderr)
        return 1


def build(options: argparse.Namespace, _arguments: list[str]) -> int:
    """Build the binaries of a Go module, by default those of the control plane."""
    bundle = BUNDLES[options.bundle]
    folder = build_control_plane() if bundle is BUNDLES["control-plane"] else build_bundle(bundle)
    print(f"The binaries of {bundle.name} are in {folder}")
    return 0


def up(options: argparse.Namespace, arguments: list[str]) -> int:
    """Start a cluster that goes on running."""
    settings = _settings(options)
    build_control_plane()
    if settings.real:
        requirements.check()
        build_bundle(KUBELET)
    running = NamedCluster(options.name).up(arguments, settings.start_timeout, isolated=settings.real)
    print(f"Cluster {options.name!r} is up: {running.nodes} nodes at {running.server}\n\n{_use(options, running)}\n")
    print(f"End it with: python -m devcluster down --name {options.name}")
    return 0


def serve(options: argparse.Namespace, _arguments: list[str]) -> int:
    """Run a cluster in the foreground until SIGTERM (what `up` starts)."""
    NamedCluster(options.name).serve(_settings(options))
    return 0


def down(options: argparse.Namespace, _arguments: list[str]) -> int:
    """End a cluster, or all of them."""
    clusters = all_clusters() if options.all else [NamedCluster(options.name)]
    for cluster in clusters:
        print(f"Cluster {cluster.name!r} {'is down' if cluster.down() else 'was not up'}")
    return 0


def status(options: argparse.Namespace, _arguments: list[str]) -> int:
    """List the clusters that are up; with a name, exit with 1 if that one is not."""
    clusters = [NamedCluster(options.name)] if options.name else all_clusters()
    found = [(cluster.name, running) for cluster in clusters if (running := cluster.running())]
    for name, running in found:
        print(f"{name}: up, {running.nodes} nodes, {running.server}, process {running.pid}, {running.kubeconfig}")
    if not found:
        print(_absence(NamedCluster(options.name)) if options.name else "no cluster is up")
    return int(bool(options.name) and not found)


def kubeconfig(options: argparse.Namespace, _arguments: list[str]) -> int:
    """Print the path of a cluster's kubeconfig."""
    print(NamedCluster(options.name).found().kubeconfig)
    return 0


def _absence(cluster: NamedCluster) -> str:
    reason = f" (it ended by itself; see {cluster.log})" if cluster.died() else ""
    return f"cluster {cluster.name!r} is not up{reason}"


def _use(options: argparse.Namespace, running: Running) -> str:
    if running.isolation:
        return f"  python -m devcluster exec --name {options.name} -- kubectl get nodes"
    return f"  export KUBECONFIG={running.kubeconfig}\n  alias kubectl={running.kubectl}"


def _settings(options: argparse.Namespace) -> ClusterSettings:
    if options.real_nodes:
        return real_settings(options.real_nodes, options.gpus, options.audit)
    return ClusterSettings(
        nodes=_nodes(options),
        lease_seconds=options.lease_seconds,
        exit_seconds=options.exit_seconds,
        audit=options.audit,
    )


def _nodes(options: argparse.Namespace) -> list[NodeSpec]:
    if options.nodes.isdigit():
        return [_node(options, index) for index in range(int(options.nodes))]
    rows = read_openb_nodes(NODES if options.nodes == "openb" else Path(options.nodes))
    return rows if options.sample is None else sample(rows, options.sample, options.seed)


def _node(options: argparse.Namespace, index: int) -> NodeSpec:
    return NodeSpec(
        name=f"node-{index}",
        cpu_milli=round(options.cpu * 1000),
        memory_mib=round(options.memory_gib * 1024),
        gpus=options.gpus,
        model=options.model,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devcluster",
        description="A real Kubernetes control plane as plain processes on loopback, with simulated nodes.",
    )
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    building = _command(commands, "build", build)
    building.add_argument("bundle", nargs="?", choices=BUNDLES, default="control-plane", help="what (control-plane)")
    _add_settings(_named(_command(commands, "up", up), DEFAULT_NAME))
    _add_settings(_named(_command(commands, "serve", serve), DEFAULT_NAME))
    ending = _named(_command(commands, "down", down), DEFAULT_NAME)
    ending.add_argument("--all", action="store_true", help="end every cluster that is up")
    _named(_command(commands, "status", status), None)
    _named(_command(commands, "kubeconfig", kubeconfig), DEFAULT_NAME)
    _named(_command(commands, "exec", cli_real.execute), DEFAULT_NAME).add_argument("argv", **COMMAND)
    _command(commands, "isolated", cli_real.isolated).add_argument("argv", **COMMAND)
    _command(commands, "check-real-nodes", cli_real.check)
    loading = _named(_command(commands, "load-image", cli_real.load_image), DEFAULT_NAME)
    loading.add_argument("archive", type=Path, help="a docker-archive or OCI tar")
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: object
) -> argparse.ArgumentParser:
    summary = (run.__doc__ or "").splitlines()[0]
    parser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    return parser


def _named(parser: argparse.ArgumentParser, default: str | None) -> argparse.ArgumentParser:
    parser.add_argument("--name", default=default, help=f"the cluster's name (default: {default or 'all that are up'})")
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--nodes", default="3", help="how many equal nodes, or a CSV file of nodes, or `openb` (default: 3)"
    )
    parser.add_argument("--real-nodes", type=int, help="so many real ones instead, of 2 GiB each; needs root")
    parser.add_argument("--sample", type=int, help="draw so many nodes from the CSV file")
    parser.add_argument("--seed", type=int, default=0, help="which nodes are drawn (default: 0)")
    parser.add_argument("--cpu", type=float, default=32, help="cores per node (default: 32)")
    parser.add_argument("--memory-gib", type=float, default=128, help="GiB of memory per node (default: 128)")
    parser.add_argument("--gpus", type=int, default=4, help="GPUs per node (default: 4)")
    parser.add_argument("--model", default="G2", help="GPU model label of the nodes (default: G2)")
    parser.add_argument("--lease-seconds", type=int, default=3600, help="length of the node leases (default: 3600)")
    parser.add_argument("--exit-seconds", type=float, default=1.0, help="exit time of pods that name none (default: 1)")
    parser.add_argument("--no-audit", dest="audit", action="store_false", help="write no audit log")
