"""The pytest fixture `local_cluster`: one control plane for the whole session, built if need be and started when a test
first asks for it.
"""

from collections.abc import Iterator

import pytest

from devcluster.build import build_control_plane
from devcluster.cluster import LocalCluster
from devcluster.settings import ClusterSettings, NodeSpec

NODES = [NodeSpec(f"node-{index}", cpu_milli=32_000, memory_mib=131_072, gpus=4, model="G2") for index in range(3)]


@pytest.fixture(scope="session")
def local_cluster(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """Three nodes of 32 cores, 128 GiB and 4 GPUs; a test that needs nodes for itself starts a cluster of its own."""
    build_control_plane()
    with LocalCluster(ClusterSettings(nodes=NODES)) as cluster:
        yield cluster
        if request.session.testsfailed:
            cluster.keep_logs = True
            print(f"\nThe logs of the local cluster were kept in {cluster.folder / 'logs'}")
