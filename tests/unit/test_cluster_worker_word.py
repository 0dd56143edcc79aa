"""What a worker says of itself by annotations, and what is no such word."""

import pytest
from pod_json import filler, pod, raw

from paraset_operator.api.names import ANNOTATION_LAST_CHECKPOINT, ANNOTATION_PROGRESS
from paraset_operator.cluster.decode import decode_pod
from paraset_operator.cluster.worker_word import word_of


@pytest.mark.parametrize("text", ["2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00.0Z"])
def test_a_checkpoint_is_a_time_with_its_offset(text: str) -> None:
    assert word_of({ANNOTATION_LAST_CHECKPOINT: text}).checkpointed == 1769860800.0


@pytest.mark.parametrize(
    "text", ["", "now", "1769860800", "2026-01-31T12:00:00", "2026-13-31T12:00:00Z", "0001-01-01T00:00:00+23:59"]
)
def test_what_is_no_such_time_is_ignored_and_named(text: str) -> None:
    assert word_of({ANNOTATION_LAST_CHECKPOINT: text}) == (0.0, 0.0, (ANNOTATION_LAST_CHECKPOINT,))


@pytest.mark.parametrize("text", ["half", "-0.1", "1.1", "nan", "inf", ""])
def test_what_is_no_progress_is_ignored_and_named(text: str) -> None:
    assert word_of({ANNOTATION_PROGRESS: text}) == (0.0, 0.0, (ANNOTATION_PROGRESS,))


def test_one_bad_word_does_not_spoil_the_other() -> None:
    word = word_of({ANNOTATION_LAST_CHECKPOINT: "soon", ANNOTATION_PROGRESS: "0.25"})
    assert word == (0.0, 0.25, (ANNOTATION_LAST_CHECKPOINT,))


def test_a_filler_carries_its_workers_word() -> None:
    found = decode_pod(raw(filler(annotations={ANNOTATION_PROGRESS: "0.5"})))
    assert found.progress == 0.5


def test_a_pod_that_is_no_filler_has_no_word() -> None:
    found = decode_pod(raw(pod(annotations={ANNOTATION_PROGRESS: "0.5"})))
    assert found.progress == 0.0
