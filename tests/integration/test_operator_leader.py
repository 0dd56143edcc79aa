"""Of several replicas one acts; another takes over when it is gone."""

from collections.abc import Iterator

import pytest
from corner import Corner
from operating import LEASE, Operated, Operator, eventually


@pytest.fixture
def pair(bare: Operated) -> Iterator[tuple[Operator, Operator]]:
    """The one that leads, and one that stands by; both ready."""
    with bare.operator("one") as one, bare.operator("two") as two:
        one.start()
        two.start()
        for each in (one, two):
            eventually("ready", lambda each=each: each.health()["synced"])  # type: ignore[misc]
        eventually("one of them leads", lambda: one.leads() or two.leads())
        yield (one, two) if one.leads() else (two, one)


def test_of_two_only_the_leader_acts(lone_corner: Corner, pair: tuple[Operator, Operator]) -> None:
    leader, standby = pair
    lone_corner.add_nodes("a", gpus=4)
    lone_corner.add_set()
    lone_corner.until_running(4)
    done = 'paraset_actions_total{reason="FillsFreeRoom",result="done",verb="create"}'
    eventually("the leader has made them", lambda: leader.metric(done) == 4)
    assert standby.metric(done) == 0
    assert standby.metric("paraset_leader") == 0


def test_a_leader_that_is_told_to_stop_hands_over(lone_corner: Corner, pair: tuple[Operator, Operator]) -> None:
    leader, standby = pair
    lone_corner.add_nodes("a", gpus=4)
    leader.stop()
    holder = lone_corner.cluster.api.get(LEASE)["spec"]["holderIdentity"]
    assert holder != leader.identity
    eventually("the other leads", standby.leads)
    lone_corner.add_set()
    lone_corner.until_running(4)


def test_a_leader_that_was_killed_is_replaced(lone_corner: Corner, pair: tuple[Operator, Operator]) -> None:
    leader, standby = pair
    lone_corner.add_nodes("a", gpus=4)
    lone_corner.add_set(replicas=2)
    lone_corner.until_running(2)
    leader.kill()
    lone_corner.change_set(replicas=4)
    eventually("the other leads", standby.leads)
    lone_corner.until_running(4)
    assert len(lone_corner.made()) == 4
