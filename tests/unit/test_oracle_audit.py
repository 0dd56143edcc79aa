"""The audit of plans: clean ones pass, and each mistake planted on purpose is found."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import pytest
from msgspec.structs import replace as changed
from oracle_cases import GIB, MILLI, cluster, milli_shape, owner, state

from bench.oracle import audit
from paraset_operator.model.constraints import Constraints
from paraset_operator.model.plan import CreatePod, Plan
from paraset_operator.model.policy import PolicyView, Tenant
from paraset_operator.model.snapshot import Snapshot

PART = milli_shape("m600", 600, 1000, grows_to=2000)
SET = owner("s", PART, milli_shape("g1", 1000), ceiling=4)
SNAPSHOT = cluster([state(gpus=2, used=[300, 0]), state("n2", gpus=2, used=[500, 500], pods=3)], SET)


def create(index: int = 0, node: str = "n1", shape: str = "m600", cpu: int = 1000) -> CreatePod:
    of = SET.shape(shape)
    assert of is not None
    sizes = {each.resource: cpu for each in of.elastic}
    return CreatePod(SET, shape, index, node, sizes, of.at(sizes))


GOOD = (create(0), create(1), create(2, "n2", "m600", 2000))


def found(*creates: CreatePod, snapshot: Snapshot = SNAPSHOT) -> list[str]:
    return audit(snapshot, Plan(actions=creates))


def test_a_possible_plan_passes() -> None:
    assert found(*GOOD[:2]) == []


@pytest.mark.parametrize(
    ("creates", "words"),
    [
        (GOOD[2:], "n2 can't place its fillers on the devices of example.com/gpu-milli"),
        ((create(0), create(1, shape="g1"), create(2)), "n1 lacks 500 of example.com/gpu-milli"),
        ((create(), create()), "a/s-0 is taken or made twice"),
        ((create(4),), "a/s-4 is no name for a filler of s with ceiling 4"),
        ((create(cpu=500),), "s-0 has 500 of cpu, which shape m600 does not allow"),
        ((create(cpu=2001),), "s-0 has 2001 of cpu, which shape m600 does not allow"),
        ((create(node="n9"),), "s-0 is for n9, which is no node"),
        ((changed(create(), requests={"cpu": 1}),), "s-0 holds other amounts than shape m600 at its size"),
    ],
)
def test_a_mistake_is_found(creates: tuple[CreatePod, ...], words: str) -> None:
    assert words in found(*creates)


def test_more_than_the_ceiling_is_found() -> None:
    nodes = [state(f"n{index}", gpus=2) for index in range(5)]
    creates = [create(index, f"n{index}") for index in range(5)]
    assert "a/s would have 5 fillers, its ceiling is 4" in found(*creates, snapshot=cluster(nodes, SET))


def with_policy(policy: PolicyView) -> Snapshot:
    return replace(SNAPSHOT, policies=(policy,))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda it: replace(it, sets=(replace(SET, is_suspended=True),)),
            "a/s may have no new fillers",
        ),
        (
            lambda it: replace(it, sets=(replace(SET, constraints=Constraints(node_selector=(("zone", "b"),))),)),
            "n1 does not admit s-0",
        ),
        (lambda _: with_policy(PolicyView(reserve={"cpu": 7500})), "n1 lacks 500 of cpu"),
        (
            lambda _: with_policy(PolicyView(tenants=MappingProxyType({"a": Tenant("a", limits={"cpu": 999})}))),
            "a would hold 1000 of cpu, its limit is 999",
        ),
    ],
)
def test_what_policies_and_sets_say_is_kept(change: Callable[[Snapshot], Snapshot], words: str) -> None:
    snapshot = change(SNAPSHOT)
    outcome = Plan(actions=(changed(create(), owner=snapshot.sets[0]),))
    assert words in audit(snapshot, outcome)


def test_memory_and_pod_slots_are_counted() -> None:
    heavy = owner("s", milli_shape("c1", 0, 100), ceiling=50)
    snapshot = cluster([state(memory=1, pods=2)], heavy)
    of = heavy.shapes[0]
    creates = [CreatePod(heavy, of.name, index, "n1", {}, of.at({}) | {"memory": GIB}) for index in range(3)]
    words = audit(snapshot, Plan(actions=tuple(creates)))
    assert {"n1 lacks 1 of pods", f"n1 lacks {2 * GIB} of memory"} <= set(words)
    assert MILLI not in " ".join(words)
