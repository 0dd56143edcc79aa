"""Killed at any moment and started again, the operator goes on as if nothing had been."""

import time
from collections.abc import Iterator

import pytest
from corner import Corner
from manifests import fixed_shape
from operating import QUIET_SECONDS, Operated, Operator, eventually, stays_empty


@pytest.fixture
def mortal(bare: Operated) -> Iterator[Operator]:
    with bare.operator() as process:
        yield process


def test_killed_while_filling_it_fills_all_the_same(lone_corner: Corner, mortal: Operator) -> None:
    lone_corner.add_nodes("a", "b", "c", gpus=8)
    lone_corner.add_set(replicas=30)
    mortal.start()
    for count in (1, 8, 16):
        eventually(f"{count} fillers", lambda count=count: len(lone_corner.made()) >= count)  # type: ignore[misc]
        mortal.kill()
        mortal.start()
    lone_corner.until_running(24)
    assert len(lone_corner.made()) == 24


def test_killed_while_yielding_it_yields_all_the_same(lone_corner: Corner, mortal: Operator) -> None:
    lone_corner.add_nodes("a", "b", "c", gpus=8)
    lone_corner.add_set(replicas=24)
    mortal.start_ready()
    lone_corner.until_running(24)
    burst = [f"ls-{index}" for index in range(12)]
    for name in burst:
        lone_corner.add_ls(name, gpus=1, priorityClassName="")
    for count in (1, 6):
        eventually(f"{count} have left", lambda count=count: len(lone_corner.left()) >= count)  # type: ignore[misc]
        mortal.kill()
        mortal.start()
    lone_corner.until_bound(*burst)
    lone_corner.until_running(12)


def test_killed_while_fillers_leave_it_keeps_to_the_ceiling(lone_corner: Corner, mortal: Operator) -> None:
    lone_corner.add_nodes("a", "b", gpus=8)
    lone_corner.add_set(replicas=16)
    mortal.start_ready()
    lone_corner.until_running(16)
    lone_corner.change_set(replicas=3)
    eventually("some have left", lambda: len(lone_corner.left()) > 0)
    mortal.kill()
    lone_corner.change_set(replicas=6)
    mortal.start()
    lone_corner.until_running(6)


def test_started_again_it_counts_on_what_a_set_has_lost_even_while_the_set_cannot_be_read(
    lone_corner: Corner, mortal: Operator
) -> None:
    def lost() -> int:
        return int((lone_corner.operated.status(lone_corner.name, "s").get("lostWork") or {}).get("evictions", 0))

    lone_corner.add_nodes("a", gpus=2)
    lone_corner.add_set()
    mortal.start_ready()
    lone_corner.until_running(2)
    lone_corner.add_ls("first", gpus=1)
    lone_corner.until_bound("first")
    eventually("it is told", lambda: lost() == 1)
    lone_corner.change_set(budgets=[{"value": 1, "schedule": "99 9 * * *", "duration": "1h"}])
    lone_corner.until_condition("Ready", "False", "Invalid")
    mortal.kill()
    mortal.start_ready()
    lone_corner.add_ls("second", gpus=1)
    lone_corner.until_bound("second")
    lone_corner.change_set(budgets=None)
    eventually("both are told", lambda: lost() == 2)


def test_started_again_with_nothing_changed_it_moves_and_writes_nothing(lone_corner: Corner, mortal: Operator) -> None:
    lone_corner.add_nodes("a", "b", gpus=4)
    lone_corner.add_set(replicas=20)
    lone_corner.add_set("cores", shapes=[fixed_shape("2")])
    mortal.start_ready()
    lone_corner.until_running(8, "s")
    lone_corner.operated.until_quiet()
    since = time.time()
    mortal.kill()
    mortal.start_ready()
    eventually("it leads", mortal.leads)
    stays_empty(lambda: lone_corner.operated.writes(since), QUIET_SECONDS)
