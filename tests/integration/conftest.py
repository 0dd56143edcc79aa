"""One cluster with an operator at work, in which every test of `test_operator_*` has a corner to itself.

It is not `local_cluster`: tests that use that one expect nobody to act on what they make.
"""

import itertools
import re
from collections.abc import Iterator

import pytest
from corner import Corner
from operating import Operated, Operator, prepared

from devcluster import ClusterSettings, LocalCluster
from devcluster.build import build_control_plane

# Simulated pods exit at once unless they say otherwise, so that tests wait for nothing they do not look at.
SETTINGS = ClusterSettings(exit_seconds=0.3, resize_seconds=0.1)


@pytest.fixture(scope="package")
def operated(request: pytest.FixtureRequest) -> Iterator[Operated]:
    """A cluster that is watched, without nodes; `operator` is at work on it."""
    build_control_plane()
    with LocalCluster(SETTINGS) as cluster, prepared(cluster) as it:
        yield it
        cluster.keep_logs = bool(request.session.testsfailed)


@pytest.fixture(scope="package")
def running_operator(operated: Operated) -> Iterator[Operator]:
    with operated.operator() as process:
        process.start_ready()
        yield process


@pytest.fixture
def operator(running_operator: Operator) -> Operator:
    """The operator at work in all corners, found alive before and after the test."""
    running_operator.check()
    return running_operator


_numbers = itertools.count(1)


def name_of(request: pytest.FixtureRequest) -> str:
    """A name for objects that says which test they belong to, and that no other test has."""
    words = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())
    return f"{words[:40].strip('-')}-{next(_numbers)}"


@pytest.fixture
def corner(operated: Operated, operator: Operator, request: pytest.FixtureRequest) -> Iterator[Corner]:
    """Nodes, a policy and a namespace of the test's own; at the end no invariant was violated, the operator lives."""
    found = Corner(operated, name_of(request))
    yield found
    found.close()
    operator.check()
    assert found.violations() == []


@pytest.fixture(scope="package")
def bare(request: pytest.FixtureRequest) -> Iterator[Operated]:
    """A second cluster that is watched, on which no operator runs but those that a test starts itself."""
    build_control_plane()
    with LocalCluster(SETTINGS) as cluster, prepared(cluster) as it:
        yield it
        cluster.keep_logs = bool(request.session.testsfailed)


@pytest.fixture
def lone_corner(bare: Operated, request: pytest.FixtureRequest) -> Iterator[Corner]:
    """A corner where no operator is at work yet; at the end no invariant was violated."""
    found = Corner(bare, name_of(request))
    yield found
    found.close()
    assert found.violations() == []
