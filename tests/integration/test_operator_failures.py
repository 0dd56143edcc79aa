"""Fillers that fail: their set waits longer and longer, says why, and does not keep room from others."""

from itertools import pairwise

import pytest
from corner import Corner
from manifests import FAILURE
from operating import eventually

FAILURES = [("crash-loop", "CrashLooping"), ("image-pull", "ImagePullFailing")]


@pytest.mark.parametrize(("failure", "reason"), FAILURES)
def test_a_failing_set_is_degraded(corner: Corner, failure: str, reason: str) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set(annotations={FAILURE: failure})
    corner.until_condition("Degraded", "True", reason)


@pytest.mark.parametrize(("failure", "reason"), FAILURES)
def test_the_room_of_failing_fillers_goes_to_others(corner: Corner, failure: str, reason: str) -> None:
    corner.add_nodes("a", gpus=3)
    corner.add_set("bad", annotations={FAILURE: failure})
    eventually("it has failed", lambda: corner.left("bad"))
    corner.add_set("good")
    corner.until_running(3, "good")


def test_a_failing_set_tries_again_with_one_filler_after_growing_waits(corner: Corner) -> None:
    # Long enough for a try to fail, on a busy machine too, before the trial that follows the wait is over.
    back_off = 3
    corner.change_policy(pacing={"backOffSeconds": back_off, "backOffMaxSeconds": 60})
    corner.add_nodes("a", gpus=4)
    corner.add_set(annotations={FAILURE: "crash-loop"})
    times = eventually("two tries after the first four", lambda: made if len(made := corner.made()) >= 6 else None)
    assert times
    pauses = [later - earlier for earlier, later in pairwise(times[3:6])]
    assert all(pause > back_off * 2**index - 0.5 for index, pause in enumerate(pauses)), pauses


def test_a_healthy_set_goes_on_beside_a_failing_one(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    corner.add_set("good", replicas=3)
    before = {pod.uid for pod in corner.until_running(3, "good")}
    corner.add_set("bad", annotations={FAILURE: "crash-loop"})
    corner.until_condition("Degraded", "True", "CrashLooping", "bad")
    assert {pod.uid for pod in corner.until_running(3, "good")} == before


def test_a_corrected_template_ends_the_wait(corner: Corner) -> None:
    corner.change_policy(pacing={"backOffSeconds": 600, "backOffMaxSeconds": 600})
    corner.add_nodes("a", gpus=2)
    corner.add_set(annotations={FAILURE: "image-pull"})
    eventually("it has failed", lambda: corner.left() and not corner.fillers())
    corner.change_set(template={"metadata": {"annotations": {FAILURE: None}}})
    corner.until_running(2)


def test_a_filler_that_is_not_bound_in_time_is_withdrawn(corner: Corner) -> None:
    corner.change_policy(pacing={"pendingTimeoutSeconds": 1, "backOffSeconds": 60, "backOffMaxSeconds": 60})
    corner.add_nodes("a", gpus=1)
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "not-there"}}
    corner.add_set(pod={"volumes": [volume]})
    eventually("it was withdrawn", corner.left)
    corner.until_condition("Degraded", "True", "StaysPending")
