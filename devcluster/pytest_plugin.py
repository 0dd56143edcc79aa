"""The pytest fixtures `local_cluster` and `real_cluster`: one control plane each for the whole session, built if need
be and started when a test first asks for it.
"""

from collections.abc import Iterator

import pytest

from devcluster.binaries import KUBELET
from devcluster.build import build, build_control_plane
from devcluster.cluster import LocalCluster
from devcluster.realnodes.nodes import real_settings
from devcluster.settings import ClusterSettings, NodeSpec

NODES = [NodeSpec(f"node-{index}", cpu_milli=32_000, memory_mib=131_072, gpus=4, model="G2") for index in range(3)]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that scenarios for any cluster look at."""
    parser.addoption(
        "--real-nodes", action="store_true", help="run the e2e scenarios on real nodes; see make e2e-nodes"
    )


@pytest.fixture(scope="session")
def local_cluster(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """Three nodes of 32 cores, 128 GiB and 4 GPUs; a test that needs nodes for itself starts a cluster of its own."""
    build_control_plane()
    with LocalCluster(ClusterSettings(nodes=NODES)) as cluster:
        yield cluster
        _keep_logs(request, cluster)


@pytest.fixture(scope="session")
def real_cluster(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """Two real nodes with all the cores of this machine each, 2 GiB and 4 GPUs; inside an isolation only."""
    build_control_plane()
    build(KUBELET)
    with LocalCluster(real_settings(2, gpus=4)) as cluster:
        yield cluster
        _keep_logs(request, cluster)


def _keep_logs(request: pytest.FixtureRequest, cluster: LocalCluster) -> None:
    if request.session.testsfailed:
        cluster.keep_logs = True
        print(f"\nThe logs of the local cluster were kept in {cluster.folder / 'logs'}")
