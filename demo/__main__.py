"""`python -m demo`: a local cluster, the operator as a real process, and a story with numbers at its end.

Exit code 0 if every phase came about and no invariant was violated, else 1; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from demo.audit import AuditLog
from demo.install import OPERATOR_USER, apply_examples, install, operator_of
from demo.invariants import foreign_writes
from demo.observer import Observer
from demo.operator_process import OperatorError, OperatorProcess
from demo.progress import Progress
from demo.prometheus import Prometheus, PrometheusError
from demo.story import Story, phases
from demo.summary import Summary
from demo.view import LiveView
from demo.workload import draw_nodes
from devcluster import ClusterSettings, LocalCluster, ProcessDiedError
from devcluster.binaries import PROMETHEUS
from devcluster.build import build
from devcluster.cli import EXPECTED


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--plain", action="store_true", help="one line per step instead of the live view; so too without a terminal"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the summary as JSON")
    parser.add_argument("--seed", type=int, default=7, help="draws the machines and the LS pods (default 7)")
    parser.add_argument("--nodes", type=int, default=24, help="number of machines (default 24)")
    parser.add_argument(
        "--keep", action="store_true", help="keep the cluster and the operator up at the end, until Ctrl-C"
    )
    parser.add_argument(
        "--prometheus",
        action="store_true",
        help="have a Prometheus scrape the operator, and keep all of it up at the end (built first: minutes, once)",
    )
    return parser.parse_args(argv)


class BrokenPromiseError(Exception):
    """The story was told, but not as promised. Raised inside the cluster's block, so that its logs are kept."""


def tell(options: argparse.Namespace, console: Console, stack: contextlib.ExitStack) -> None:
    """Start everything inside `stack`, tell the story and report; BrokenPromiseError if it did not go as promised."""
    if options.prometheus:
        build(PROMETHEUS)
    console.print(f"Starting a control plane with {options.nodes} nodes of the openb trace ...")
    cluster = stack.enter_context(LocalCluster(ClusterSettings(nodes=draw_nodes(options.nodes, options.seed))))
    progress = Progress(phases())
    install(cluster)
    apply_examples(cluster)
    observer = stack.enter_context(Observer(cluster.kubeconfig))
    operator = stack.enter_context(operator_of(cluster, identity="demo"))
    prometheus = stack.enter_context(_scraping(operator, cluster)) if options.prometheus else None
    audit = AuditLog(cluster.audit_log, OPERATOR_USER)
    story = Story(cluster, observer, operator, audit, progress, options.seed)
    with _narrated(options, console, observer, progress), contextlib.suppress(OperatorError, ProcessDiedError):
        story.tell()
    violations = [*observer.violations, *foreign_writes(audit.poll(), observer.ever_filler)]
    summary = Summary(story.record, violations, progress)
    report(summary, console, options.json)
    if options.keep or prometheus:
        _keep(cluster, prometheus, console)
    if not summary.good:
        raise BrokenPromiseError(f"The demo did not keep its promises. The operator's {operator.tail()}")


def _narrated(
    options: argparse.Namespace, console: Console, observer: Observer, progress: Progress
) -> contextlib.AbstractContextManager[object]:
    if options.plain or not console.is_terminal:
        progress.tell = lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True)
        return contextlib.nullcontext()
    return LiveView(observer, progress, console)


def report(summary: Summary, console: Console, file: Path | None) -> None:
    """The table, every broken promise in words, and the JSON if a file was asked for."""
    console.print(summary.table())
    for failure in summary.progress.failures():
        console.print(f"phase {failure}", style="red", markup=False, soft_wrap=True)
    for violation in summary.violations[:20]:
        words = f"{violation.invariant} violated by {violation.subject}: {violation.detail}"
        console.print(words, style="red", markup=False, soft_wrap=True)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(summary.as_json(), indent=2) + "\n")


def _scraping(operator: OperatorProcess, cluster: LocalCluster) -> Prometheus:
    return Prometheus([operator.metrics_address], cluster.folder / "logs" / "prometheus")


def _keep(cluster: LocalCluster, prometheus: Prometheus | None, console: Console) -> None:
    if prometheus is not None:
        look = f"curl -s '{prometheus.url}/api/v1/query?query=paraset_fillers'"
        console.print(f"Prometheus is at {prometheus.url}, for a Grafana or: {look}", highlight=False, soft_wrap=True)
        console.print("Dashboards to import are in charts/paraset/files/dashboards.", highlight=False)
    console.print(f"The cluster stays up until Ctrl-C: export KUBECONFIG={cluster.kubeconfig}", soft_wrap=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(143)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    console = Console()
    signal.signal(signal.SIGTERM, _end)
    try:
        with contextlib.ExitStack() as stack:
            tell(options, console, stack)
    except (BrokenPromiseError, OperatorError, PrometheusError, *EXPECTED) as error:
        for words in (str(error), *getattr(error, "__notes__", ())):
            console.print(words, highlight=False, markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted; everything has been stopped")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
