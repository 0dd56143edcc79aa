"""What only real kubelets can show. One cluster for the session, the one that the e2e scenarios run on too; an operator
at work under its ServiceAccount; and for each test a corner of it: nodes, a policy, a namespace.
"""

import itertools
import re
from collections.abc import Iterator

import pytest
from operating import Operated, Operator, prepared
from real_corner import RealCorner

from devcluster import LocalCluster

_numbers = itertools.count(1)


@pytest.fixture(autouse=True, scope="package")
def asked_for(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("real_nodes"):
        pytest.skip("needs root: `make e2e-nodes` runs these")


@pytest.fixture(scope="package")
def operated(asked_for: None, real_cluster: LocalCluster) -> Iterator[Operated]:
    with prepared(real_cluster) as it:
        yield it


@pytest.fixture(scope="package")
def running_operator(operated: Operated) -> Iterator[Operator]:
    with operated.operator() as process:
        process.start_ready(60)
        yield process


@pytest.fixture
def operator(running_operator: Operator) -> Operator:
    """The operator at work in all corners, found alive before and after the test."""
    running_operator.check()
    return running_operator


@pytest.fixture
def corner(operated: Operated, operator: Operator, request: pytest.FixtureRequest) -> Iterator[RealCorner]:
    """At its end all its pods are gone, no invariant was violated, and the operator lives."""
    words = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())
    found = RealCorner(operated, f"{words[:40].strip('-')}-{next(_numbers)}")
    yield found
    found.close()
    operator.check()
    assert found.violations() == []
