"""The simple fillers of the planner's benchmark: possible, within their quotas, and as simple as they say."""

from collections import Counter
from types import MappingProxyType

import pytest
from oracle_cases import MILLI, cluster, milli_shape, owner, state

from bench.oracle.audit import audit_fillers
from bench.oracle.outcome import Held
from bench.oracle.problem import problem_of
from bench.planner_baselines import METHODS, fillers_by
from bench.planner_instances import REGIMES, instance
from paraset_operator.model.policy import PolicyView, Tenant
from paraset_operator.model.snapshot import Snapshot

G2, G1 = milli_shape("g2", 2000, 1000, 2.0), milli_shape("g1", 1000, 1000, 1.0)
M500, CORES = milli_shape("m500", 500, 1000, 0.9, grows_to=3000), milli_shape("c1", 0, 1000, 0.1)


def fillers(method: str, snapshot: Snapshot) -> list[Held]:
    return fillers_by(method, snapshot, dict(problem_of(snapshot).fillable))


def shapes(method: str, snapshot: Snapshot) -> dict[str, int]:
    return Counter(each.shape.name for each in fillers(method, snapshot))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("regime", REGIMES)
def test_what_they_make_is_possible(regime: str, method: str) -> None:
    snapshot = instance(regime, 12)
    made = fillers(method, snapshot)
    assert audit_fillers(snapshot, made) == []
    assert made or method == "fixed-shape"


def test_largest_first_takes_whole_devices() -> None:
    snapshot = cluster([state(gpus=3)], owner("s", CORES, M500, G1, G2))
    assert shapes("largest-gpu-first", snapshot) == {"g2": 1, "g1": 1, "c1": 6}


def test_densest_first_takes_what_is_worth_most_for_its_share() -> None:
    snapshot = cluster([state(gpus=2, cpu=64000)], owner("s", G2, M500))
    assert shapes("value-density-first", snapshot) == {"m500": 4}


def test_best_fit_fills_the_fullest_node() -> None:
    snapshot = cluster([state("n1", gpus=2), state("n2", gpus=2, used=[1000])], owner("s", G1, ceiling=1))
    assert [each.node for each in fillers("best-fit", snapshot)] == ["n2"]


def test_the_fixed_shape_is_one_device_and_does_not_grow() -> None:
    one = milli_shape("g1", 1000, 1000, grows_to=4000)
    snapshot = cluster([state(gpus=2, used=[300])], owner("s", M500, G2), owner("t", one, weight=2))
    [only] = fillers("fixed-shape", snapshot)
    assert (only.owner.name, only.shape.name, only.sizes) == ("t", "g1", {"cpu": 1000})


def test_what_is_left_is_given_to_growth() -> None:
    [only] = fillers("best-fit", cluster([state(gpus=1, used=[300], cpu=2500)], owner("s", M500)))
    assert only.sizes == {"cpu": 2500}


@pytest.mark.parametrize("method", METHODS)
def test_ceilings_and_limits_are_kept(method: str) -> None:
    tenants = MappingProxyType({"b": Tenant("b", limits={MILLI: 1000, "cpu": 1500})})
    sets = [owner("s", G1, ceiling=2), owner("t", G1, namespace="b", weight=2)]
    states = [state(f"n{index}", gpus=4) for index in range(3)]
    made = Counter(
        each.owner.name for each in fillers(method, cluster(states, *sets, policies=(PolicyView(tenants=tenants),)))
    )
    assert made == ({"t": 1} if method == "fixed-shape" else {"s": 2, "t": 1})
