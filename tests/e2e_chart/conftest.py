"""A cluster with GPUs to fill, and an operator at work in it: inside, on real nodes (`--real-nodes`, with the image that
`make image-tar` makes); else as a process under the ServiceAccount of the release, because simulated nodes run nothing.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from operating import Operator
from release import Release, previous_chart

from chart_tools.helm import NAMESPACE
from devcluster import ClusterSettings, LocalCluster, NodeSpec
from devcluster.build import build_control_plane


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    build_control_plane()
    nodes = [NodeSpec(f"node-{index}", cpu_milli=4000, gpus=4) for index in range(2)]
    with LocalCluster(ClusterSettings(nodes=nodes, exit_seconds=0.3, resize_seconds=0.1)) as local:
        yield local
        local.keep_logs = bool(request.session.testsfailed)


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart before this one."""
    return previous_chart(tmp_path_factory.mktemp("previous"))


@pytest.fixture(scope="module")
def installed(cluster: LocalCluster, previous: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The previous chart, and an operator at work."""
    release = Release(cluster)
    release.install(previous)
    with contextlib.ExitStack() as stack:
        account = cluster.service_account_kubeconfig(NAMESPACE, "paraset-operator")
        operator = stack.enter_context(Operator(account, tmp_path_factory.mktemp("operator"), "outside"))
        operator.start_ready(60)
        yield release
