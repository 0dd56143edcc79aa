"""A worker's word that is not believed is told once."""

from dataclasses import replace
from typing import Any

from planning_cases import filler, paraset

from paraset_operator.api.names import ANNOTATION_LAST_CHECKPOINT, ANNOTATION_PROGRESS
from paraset_operator.model.pod import Pod
from paraset_operator.runtime.worker_words import WorkerWords

NOW = 1000.0
POD = filler(paraset())


class Told:
    """Takes Events instead of the API server."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def record(self, _subject: object, _kind: str, _reason: str, message: str) -> None:
        self.messages.append(message)


def told(*pods: Pod | None, leads: bool = True) -> list[str]:
    """Return the annotations that are told of when a pod is seen like this, one state after the other."""
    events: Any = Told()
    words = WorkerWords(events, lambda: leads, lambda: NOW)
    for before, after in zip((None, *pods), pods, strict=False):
        words.saw_pod(before, after)
    return [message.split()[1] for message in events.messages]


def test_a_word_that_can_not_be_read_is_told_once() -> None:
    assert told(replace(POD, misread=(ANNOTATION_PROGRESS,)), replace(POD, misread=(ANNOTATION_PROGRESS,))) == [
        ANNOTATION_PROGRESS
    ]


def test_a_checkpoint_in_the_future_is_told() -> None:
    assert told(replace(POD, checkpointed=NOW + 3600)) == [ANNOTATION_LAST_CHECKPOINT]


def test_a_clock_a_little_ahead_is_not_worth_a_word() -> None:
    assert told(replace(POD, checkpointed=NOW + 10)) == []


def test_a_word_that_is_believed_is_not_told() -> None:
    assert told(replace(POD, checkpointed=NOW - 10, progress=0.5)) == []


def test_a_successor_of_the_same_name_is_told_anew() -> None:
    bad = replace(POD, misread=(ANNOTATION_PROGRESS,))
    assert len(told(bad, None, replace(bad, uid="other"))) == 2


def test_a_replica_that_stands_by_tells_nothing() -> None:
    assert told(replace(POD, misread=(ANNOTATION_PROGRESS,)), leads=False) == []
