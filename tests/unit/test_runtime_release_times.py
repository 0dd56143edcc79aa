"""How long victims take to be gone: the clock is the test's."""

from dataclasses import replace

import pytest
from planning_cases import filler, terminating
from runtime_cases import SET, delete, resize

from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.model.plan import Reason
from paraset_operator.model.pod import Pod
from paraset_operator.runtime.release_times import ReleaseTimes


class Scene:
    """Victims that come and go, and what was measured."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.shown: list[float] = []
        self.times = ReleaseTimes(
            lambda node: {"n1": "p", "n2": "q"}.get(node, ""), self.shown.append, lambda: self.now
        )

    def goes(self, seconds: float, victim: Pod | None = None, reason: Reason = Reason.YIELDS) -> None:
        victim = victim or filler(SET)
        self.times.began(delete(reason, victim))
        self.now += seconds
        self.times.saw_pod(terminating(victim), None)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_nothing_is_known_before_a_victim_was_seen(scene: Scene) -> None:
    assert scene.times.seconds("p") is None


@pytest.mark.parametrize("reason", [Reason.YIELDS, Reason.HEADROOM])
def test_a_victim_is_timed_from_the_decision_until_it_is_gone(scene: Scene, reason: Reason) -> None:
    scene.goes(7, reason=reason)
    assert scene.times.seconds("p") == 7
    assert scene.shown == [7]


def test_a_victim_whose_name_a_finalizer_keeps_is_timed_until_it_holds_nothing(scene: Scene) -> None:
    victim = filler(SET)
    scene.times.began(delete(Reason.YIELDS, victim))
    scene.now += 7
    ended = replace(terminating(victim), held={}, requests={}, is_finished=True)
    scene.times.saw_pod(terminating(victim), ended)
    scene.now += 3600
    scene.times.saw_pod(ended, None)
    assert scene.shown == [7]


def test_a_filler_that_leaves_for_another_reason_is_no_victim(scene: Scene) -> None:
    scene.goes(7, reason=Reason.NODE)
    assert scene.shown == []


def test_a_filler_that_ends_by_itself_is_no_victim(scene: Scene) -> None:
    scene.times.saw_pod(filler(SET), None)
    assert scene.shown == []


def test_a_shrink_is_not_timed(scene: Scene) -> None:
    scene.times.began(resize(Reason.YIELDS))
    scene.times.saw_pod(filler(SET), None)
    assert scene.shown == []


def test_a_victim_that_was_not_told_is_none(scene: Scene) -> None:
    action = delete(Reason.YIELDS)
    scene.times.began(action)
    scene.times.concluded(Outcome(action, Result.FAILED, 500))
    scene.times.saw_pod(filler(SET), None)
    assert scene.shown == []


def test_a_filler_that_the_scheduler_preempts_is_timed_from_when_that_is_seen(scene: Scene) -> None:
    running = filler(SET)
    leaving = replace(terminating(running), is_preempted=True)
    scene.times.saw_pod(running, leaving)
    scene.now += 3
    scene.times.saw_pod(leaving, None)
    assert scene.times.seconds("p") == 3


def test_a_victim_of_ours_that_is_marked_as_preempted_is_timed_once_and_from_the_decision(scene: Scene) -> None:
    victim = filler(SET)
    scene.times.began(delete(Reason.YIELDS, victim))
    scene.now += 2
    scene.times.saw_pod(victim, replace(terminating(victim), is_preempted=True))
    scene.now += 2
    scene.times.saw_pod(terminating(victim), None)
    assert scene.shown == [4]


def test_nine_of_ten_victims_were_gone_so_soon(scene: Scene) -> None:
    for seconds in [9, 1, 2, 3, 4, 5, 6, 7, 8, 100]:
        scene.goes(seconds)
    assert scene.times.seconds("p") == 9


def test_only_the_last_hundred_victims_count(scene: Scene) -> None:
    for seconds in [*[50] * 100, *[1] * 100]:
        scene.goes(seconds)
    assert scene.times.seconds("p") == 1


def test_each_policy_has_its_own_time(scene: Scene) -> None:
    scene.goes(1, filler(SET, 0, "n1"))
    scene.goes(20, filler(SET, 1, "n2"))
    assert (scene.times.seconds("p"), scene.times.seconds("q")) == (1, 20)


def test_what_an_earlier_leader_measured_counts_until_there_is_more(scene: Scene) -> None:
    scene.times.recall("p", 30)
    assert scene.times.seconds("p") == 30
    for _ in range(9):
        scene.goes(2)
    assert scene.times.seconds("p") == 2
