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
def local_cluster() -> Iterator[LocalCluster]:
    """Three nodes of 32 cores, 128 GiB and 4 GPUs. Tests that need the nodes for themselves start a cluster of their
    own.
    """
    build_control_plane()
    with LocalCluster(ClusterSettings(nodes=NODES)) as cluster:
        yield cluster
