"""The demo's cluster, load and fill, bursts of LS pods, two replicas of the operator, a Prometheus that scrapes both.

kube-scheduler answers much of a burst by itself, so a few LS pods follow for which it may not preempt. The demo's own
burst is so tight that on a busy machine, where it is packed in another order, a pod of it may fit nowhere.
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
from demo.state import Wait
from demo.story import Story, phases
from demo.workload import NAMESPACE, draw_burst, draw_nodes
from devcluster import ClusterSettings, LocalCluster
from devcluster.binaries import PROMETHEUS
from devcluster.build import build, build_control_plane

NODES, SEED = 24, 7
TOLD = ("load", "fill")


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
        for each in priority_classes():
            cluster.api.post("/apis/scheduling.k8s.io/v1/priorityclasses", each)
        waits = burst(cluster, observer, "burst", 4, 4)
        waits += burst(cluster, observer, "patient", 2, 0, priorityClassName=PATIENT)
        yield Monitored(cluster, prometheus, observer, leader, waits)


def burst(
    cluster: LocalCluster, observer: Observer, name: str, gpu_pods: int, cpu_pods: int, **spec: str
) -> list[Wait]:
    """Make LS pods that fit beside no filler, and return how long each waited until it was bound."""
    drawn = observer.read(lambda state: draw_burst(state, gpu_pods, cpu_pods, SEED))
    assert sum(pod.gpus for pod in drawn) >= min(gpu_pods, 2), "too few LS pods with a GPU fit"
    keys = [(NAMESPACE, f"{name}-{number}") for number in range(len(drawn))]
    for (_, pod_name), pod in zip(keys, drawn, strict=True):
        manifest = dataclasses.replace(pod, name=pod_name).manifest()
        manifest["spec"] |= spec
        cluster.api.post(f"/api/v1/namespaces/{NAMESPACE}/pods", manifest)

    def look() -> list[Wait]:
        pods = [pod for key in keys if (pod := observer.read(lambda state, key=key: state.pods.get(key))) and pod.node]
        return (
            [observer.read(lambda state, pod=pod: state.wait_of(pod)) for pod in pods] if len(pods) == len(keys) else []
        )

    return eventually(f"the pods {name} are bound", look, 120)
