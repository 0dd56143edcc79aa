"""Fair shares of the relaxation: by weight, namespaces first, and what some can't use goes to the others."""

from types import MappingProxyType

import pytest
from oracle_cases import MILLI, cluster, milli_shape, owner, pool, state

from bench.oracle.certificate import fair_limits
from bench.oracle.problem import problem_of
from paraset_operator.model.policy import PolicyView, Tenant
from paraset_operator.model.shape import ParaSetView

GPU = milli_shape("g1", 1000, 1000)
CORES = milli_shape("c1", 0, 1000, 0.1)
STATES = [state(f"n{index}", cpu=16000, gpus=4) for index in range(4)]


def shares(*sets: ParaSetView, tenants: dict[str, Tenant] | None = None) -> dict[str, float]:
    policies = (PolicyView(tenants=MappingProxyType(tenants)),) if tenants else ()
    found = fair_limits(problem_of(cluster(STATES, *sets, policies=policies)), pool())
    return {key: share.part for key, share in found.items()}


def test_sets_share_by_weight() -> None:
    found = shares(owner("s", GPU, weight=1), owner("t", GPU, weight=3))
    assert found == pytest.approx({"a/s": 0.25, "a/t": 0.75}, rel=1e-5)


def test_a_small_ceiling_leaves_the_rest_to_the_others() -> None:
    found = shares(owner("s", GPU, ceiling=2), owner("t", GPU), owner("u", GPU))
    assert found == pytest.approx({"a/s": 2 / 16, "a/t": 7 / 16, "a/u": 7 / 16}, rel=1e-5)


def test_who_uses_other_resources_takes_little_away() -> None:
    """One holds four fifths of the 16 GPUs and so many of the 64 cores; the other holds four fifths of the cores."""
    found = shares(owner("s", GPU), owner("t", CORES))
    assert found == pytest.approx({"a/s": 0.8, "a/t": 0.8}, rel=1e-5)


def test_namespaces_come_first() -> None:
    found = shares(owner("s", GPU), *(owner(name, GPU, namespace="b") for name in "tuv"))
    assert found["a"] == pytest.approx(0.5, rel=1e-5)
    assert found["b"] == pytest.approx(0.5, rel=1e-5)
    assert found["b/t"] == pytest.approx(1 / 6, rel=1e-5)


def test_policy_weights_and_limits_count() -> None:
    tenants = {"a": Tenant("a", 3), "b": Tenant("b", 1, {MILLI: 2000})}
    found = shares(owner("s", GPU), owner("t", GPU, namespace="b"), tenants=tenants)
    assert found["b"] == pytest.approx(2 / 16, rel=1e-5)
    assert found["a"] == pytest.approx(14 / 16, rel=1e-5)


def test_one_set_alone_has_no_cap() -> None:
    assert shares(owner("s", GPU)) == {}


def test_a_set_that_fits_nowhere_has_no_share() -> None:
    assert set(shares(owner("s", GPU), owner("t", milli_shape("g9", 9000)))) == {"a/s"}
