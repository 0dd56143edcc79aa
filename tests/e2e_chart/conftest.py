"""A cluster with GPUs to fill, and an operator at work in it: inside, on real nodes (`--real-nodes`, in an isolation);
else as a process under the ServiceAccount of the release, because simulated nodes run nothing.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from operating import Operator
from release import NEW_TAG, TEAM, Release, previous_chart

from chart_tools.helm import CHART, NAMESPACE
from devcluster import ClusterSettings, LocalCluster, NodeSpec
from devcluster.binaries import HELM
from devcluster.build import build, build_control_plane

#: What `make image-local` writes.
ARCHIVE = Path(__file__).parents[2] / "build" / "paraset-operator.tar"
IMAGE = "docker.io/library/paraset-operator"


@pytest.fixture(scope="session")
def is_real(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("real_nodes"))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, is_real: bool) -> Iterator[LocalCluster]:
    """Two nodes with 4 GPUs each."""
    build_control_plane()
    build(HELM)
    if is_real:
        real = request.getfixturevalue("real_cluster")
        load_operator(real)
        yield real
        return
    nodes = [NodeSpec(f"node-{index}", cpu_milli=4000, gpus=4) for index in range(2)]
    with LocalCluster(ClusterSettings(nodes=nodes, exit_seconds=0.3, resize_seconds=0.1)) as local:
        yield local
        local.keep_logs = bool(request.session.testsfailed)


def load_operator(cluster: LocalCluster) -> None:
    """Give the operator's image to the nodes, under the name that the chart has by default and another."""
    if not ARCHIVE.exists():
        pytest.exit(f"{ARCHIVE} is missing: run `make image-local`", returncode=1)
    cluster.real.load_image(ARCHIVE)
    for node in cluster.real.nodes.values():
        node.ctr("images", "tag", f"{IMAGE}:0.1.0", f"{IMAGE}:{NEW_TAG}")


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart before this one."""
    return previous_chart(tmp_path_factory.mktemp("previous"))


@contextlib.contextmanager
def at_work(release: Release, logs: Path, *options: str) -> Iterator[None]:
    """See to it that an operator is at work: real nodes have one, simulated ones get a process with these options."""
    cluster = release.cluster
    if cluster.settings.real:
        yield
        return
    account = cluster.service_account_kubeconfig(NAMESPACE, "paraset-operator")
    with Operator(account, logs, "outside", *options) as operator:
        operator.start_ready(60)
        yield


@pytest.fixture(scope="module")
def installed(cluster: LocalCluster, previous: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The previous chart, and an operator at work."""
    release = Release(cluster)
    release.install(previous)
    with at_work(release, tmp_path_factory.mktemp("operator")):
        yield release


@pytest.fixture(scope="module")
def limited(cluster: LocalCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """This chart with one namespace listed, and an operator at work in it."""
    release = Release(cluster)
    release.make_namespace()
    release.install(CHART, f"--set=rbac.namespaces={{{TEAM}}}")
    with at_work(release, tmp_path_factory.mktemp("operator"), f"--fill-namespace={TEAM}"):
        yield release
    cluster.kubectl("delete", "pset", "--all", "--all-namespaces")
    release.remove()
