"""The demo's cluster, load, fill and burst, with two replicas of the operator and a Prometheus that scrapes both."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from scraped import Monitored

from demo.audit import AuditLog
from demo.install import OPERATOR_USER, apply_examples, install, operator_of
from demo.observer import Observer
from demo.progress import Progress
from demo.prometheus import Prometheus
from demo.story import Story, phases
from demo.workload import draw_nodes
from devcluster import ClusterSettings, LocalCluster
from devcluster.binaries import PROMETHEUS
from devcluster.build import build, build_control_plane

NODES, SEED = 24, 7
TOLD = ("load", "fill", "burst")


@pytest.fixture(scope="session")
def promtool() -> Path:
    return build(PROMETHEUS) / "promtool"


@pytest.fixture(scope="session")
def monitored(promtool: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitored]:
    build_control_plane()
    progress = Progress([phase for phase in phases() if phase.name in TOLD])
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(LocalCluster(ClusterSettings(nodes=draw_nodes(NODES, SEED))))
        install(cluster)
        apply_examples(cluster)
        observer = stack.enter_context(Observer(cluster.kubeconfig))
        leader, standby = (stack.enter_context(operator_of(cluster, identity=name)) for name in ("one", "two"))
        targets = [each.metrics_address for each in (leader, standby)]
        prometheus = stack.enter_context(Prometheus(targets, tmp_path_factory.mktemp("prometheus"), scrape_seconds=1))
        story = Story(cluster, observer, leader, AuditLog(cluster.audit_log, OPERATOR_USER), progress, SEED)
        story.tell()
        assert progress.failures() == [], leader.tail()
        standby.start_ready()
        yield Monitored(prometheus, observer, leader, story.record)
