"""A cluster with an operator at work, on which what docs/beside-other-systems.md says is tried out."""

import itertools
from collections.abc import Iterator

import pytest
from corner import Corner
from operating import Operated, Operator, prepared

from devcluster import ClusterSettings, LocalCluster
from devcluster.build import build_control_plane

_numbers = itertools.count(1)


@pytest.fixture(scope="package")
def operated() -> Iterator[Operated]:
    build_control_plane()
    with LocalCluster(ClusterSettings(exit_seconds=0.3, resize_seconds=0.1)) as cluster, prepared(cluster) as it:
        yield it


@pytest.fixture(scope="package")
def operator(operated: Operated) -> Iterator[Operator]:
    with operated.operator() as process:
        process.start_ready(60)
        yield process
        process.check()


@pytest.fixture
def corner(operated: Operated, operator: Operator) -> Iterator[Corner]:
    """Nodes, a policy and a namespace of the test's own."""
    found = Corner(operated, f"beside-{next(_numbers)}")
    yield found
    found.close()
    operator.check()
    assert found.violations() == []
