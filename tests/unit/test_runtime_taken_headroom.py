"""Headroom that LS pods have taken is made again once, in their pauses, and before long in any case."""

from dataclasses import replace

import pytest
from planning_cases import filler, ls, paraset
from runtime_cases import Clock

from paraset_operator.model.pod import Pod
from paraset_operator.runtime.demands import HEAD_START, LONGEST_CALM, LONGEST_LULL, Demands
from paraset_operator.runtime.taken_headroom import TakenHeadroom

LS = ls("ls", cpu=1)
STEP = HEAD_START / 2


class Stage:
    """LS pods that come and are bound at once."""

    def __init__(self) -> None:
        self.clock = Clock(100.0)
        self.demands = Demands(lambda _: None, self.clock)
        self.taken = TakenHeadroom(self.demands, self.clock)

    def change(self, before: Pod | None, after: Pod | None) -> None:
        self.demands.saw_pod(before, after)
        self.taken.saw_pod(before, after)

    def take(self) -> None:
        self.change(None, LS)
        self.change(LS, replace(LS, node="n"))

    def seconds_until_due(self, *, is_hurried: bool) -> float:
        """In a stream of LS pods."""
        self.take()
        began = self.clock.now
        while not self.taken.is_due(is_hurried=is_hurried):
            self.take()
            self.clock.now += STEP
        return self.clock.now - began


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_it_is_due_once_when_no_ls_pod_comes_any_more(stage: Stage) -> None:
    stage.take()
    assert not stage.taken.is_due(is_hurried=False)
    stage.clock.now += HEAD_START
    assert stage.taken.is_due(is_hurried=False)
    assert not stage.taken.is_due(is_hurried=False)


def test_it_is_not_due_while_one_ls_pod_after_the_other_is_bound(stage: Stage) -> None:
    stage.change(None, LS)
    stage.clock.now += HEAD_START
    stage.change(LS, replace(LS, node="n"))
    assert not stage.taken.is_due(is_hurried=False)
    stage.clock.now += HEAD_START
    assert stage.taken.is_due(is_hurried=False)


def test_a_stream_of_ls_pods_puts_it_off_for_half_a_second(stage: Stage) -> None:
    assert stage.seconds_until_due(is_hurried=False) == pytest.approx(LONGEST_LULL, abs=STEP)


def test_pods_that_wait_put_it_off_for_five_seconds(stage: Stage) -> None:
    assert stage.seconds_until_due(is_hurried=True) == pytest.approx(LONGEST_CALM, abs=STEP)


def test_neither_fillers_nor_pods_that_were_bound_before_take_any(stage: Stage) -> None:
    stage.change(None, replace(filler(paraset(), 0), node="n"))
    stage.change(replace(LS, node="n"), replace(LS, node="n", revision="2"))
    assert not stage.taken.is_any


def test_a_pod_that_comes_bound_takes_some(stage: Stage) -> None:
    stage.change(None, replace(LS, node="n"))
    assert stage.taken.is_any
