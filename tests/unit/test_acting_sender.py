"""Whether a write may still be sent that was decided a while ago."""

from dataclasses import replace

import pytest
from planning_cases import filler, paraset, shape, terminating
from runtime_cases import create, delete

from paraset_operator.acting.sender import Sender
from paraset_operator.acting.writes import PodWriter
from paraset_operator.cluster.cache import PodStore
from paraset_operator.model.plan import Action, Reason, ResizePod
from paraset_operator.model.pod import Pod

SET = paraset("s", shape(cpu=(1, 8)))
RUNNING = filler(SET, cpu=8)
SLOW = replace(terminating(RUNNING), grace_seconds=60)


def sender_that_sees(pod: Pod | None, writer: PodWriter) -> Sender:
    pods = PodStore()
    if pod is not None:
        pods.put(pod)
    return Sender(writer, pods, lambda _: None, lambda _: None, lambda _: None, lambda _: None)


@pytest.fixture
def writer() -> PodWriter:
    """One that nothing is written with."""
    return PodWriter(None)  # type: ignore[arg-type]


def shrink(cores: int) -> ResizePod:
    return ResizePod(RUNNING, SET, {"cpu": cores * 1000}, RUNNING.requests, Reason.YIELDS)


@pytest.mark.parametrize(
    ("seen", "action", "is_current"),
    [
        (RUNNING, delete(pod=RUNNING), True),
        (None, delete(pod=RUNNING), False),
        (replace(RUNNING, uid="another"), delete(pod=RUNNING), False),
        (SLOW, delete(pod=RUNNING), False),
        (SLOW, shrink(4), False),
        (RUNNING, create(SET), False),
    ],
)
def test_a_decision_is_carried_out_if_the_pod_is_as_it_was(
    seen: Pod | None, action: Action, is_current: bool, writer: PodWriter
) -> None:
    assert sender_that_sees(seen, writer).is_current(action) is is_current


def test_a_shrink_that_failed_is_not_repeated_once_a_later_one_was_decided(writer: PodWriter) -> None:
    sender = sender_that_sees(RUNNING, writer)
    sender.expect(shrink(6))
    assert sender.stands(shrink(6))
    sender.expect(shrink(4))
    assert not sender.stands(shrink(6))


def test_a_deletion_that_failed_is_repeated_for_the_same_pod_alone(writer: PodWriter) -> None:
    assert sender_that_sees(RUNNING, writer).stands(delete(pod=RUNNING))
    assert not sender_that_sees(replace(RUNNING, uid="another"), writer).stands(delete(pod=RUNNING))
    assert not sender_that_sees(None, writer).stands(delete(pod=RUNNING))
