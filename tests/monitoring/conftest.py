"""The demo's cluster, load, fill and burst, with two replicas of the operator and a Prometheus that scrapes both.

kube-scheduler answers much of the burst by itself, so a few LS pods follow for which it may not preempt.
"""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from manifests import PATIENT, priority_classes
from operating import eventually
from scraped import Monitored

from demo.audit import AuditLog
from demo.install import OPERATOR_USER, apply_examples, install, operator_of
from demo.observer import Observer
from demo.progress import Progress
from demo.prometheus import Prometheus
from demo.story import Story, phases
from demo.workload import NAMESPACE, draw_burst, draw_nodes
from devcluster import ClusterSettings, LocalCluster
from devcluster.binaries import PROMETHEUS
from devcluster.build import build, build_control_plane

NODES, SEED, PATIENT_PODS = 24, 7, 3
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
        wait_patiently(cluster, observer)
        yield Monitored(cluster, prometheus, observer, leader, story.record)


def wait_patiently(cluster: LocalCluster, observer: Observer) -> None:
    """LS pods that only the operator makes room for: make them, and wait until they are bound."""
    for each in priority_classes():
        cluster.api.post("/apis/scheduling.k8s.io/v1/priorityclasses", each)
    drawn = observer.read(lambda state: draw_burst(state, PATIENT_PODS, 0, SEED))
    assert len(drawn) == PATIENT_PODS
    names = [f"patient-{number}" for number in range(PATIENT_PODS)]
    for name, pod in zip(names, drawn, strict=True):
        manifest = dataclasses.replace(pod, name=name).manifest()
        manifest["spec"]["priorityClassName"] = PATIENT
        cluster.api.post(f"/api/v1/namespaces/{NAMESPACE}/pods", manifest)

    def bound(name: str) -> bool:
        pod = observer.read(lambda state: state.pods.get((NAMESPACE, name)))
        return pod is not None and bool(pod.node)

    eventually("the patient pods are bound", lambda: all(bound(name) for name in names))
