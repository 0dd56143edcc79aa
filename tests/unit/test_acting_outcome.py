"""What the answer to a write means, and how a write counts until it is answered."""

from dataclasses import replace

import pytest
from planning_cases import filler, ls
from runtime_cases import SET, create, delete, resize

from paraset_operator.acting.actuator import action_waits
from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.acting.sender import expected_pod, key_of
from paraset_operator.acting.writes import outcome_of, pod_path
from paraset_operator.cluster.client import ApiError
from paraset_operator.model.plan import Action, Beneficiary, NominatePod

NOMINATION = NominatePod(ls(), "n1")


@pytest.mark.parametrize(
    ("action", "status", "result"),
    [
        (create(), 409, Result.SUPERSEDED),
        (create(), 403, Result.REFUSED),
        (create(), 422, Result.REFUSED),
        (create(), 404, Result.GONE),
        (create(), 429, Result.FAILED),
        (create(), 500, Result.FAILED),
        (delete(), 404, Result.GONE),
        (delete(), 409, Result.GONE),
        (resize(), 409, Result.SUPERSEDED),
        (resize(), 422, Result.REFUSED),
        (NOMINATION, 409, Result.SUPERSEDED),
        (NOMINATION, 403, Result.REFUSED),
    ],
)
def test_answers(action: Action | NominatePod, status: int, result: Result) -> None:
    outcome = outcome_of(action, ApiError(status, "Reason", "words"))
    assert (outcome.result, outcome.status) == (result, status)
    assert "words" in outcome.message


def test_a_write_that_nobody_answered_has_failed() -> None:
    outcome = outcome_of(create(), ConnectionResetError("gone"))
    assert (outcome.result, outcome.status, outcome.message) == (Result.FAILED, 0, "gone")


def test_an_error_without_words_is_told_by_its_kind() -> None:
    assert outcome_of(create(), TimeoutError()).message == "TimeoutError"


def test_a_write_without_an_error_is_done() -> None:
    assert outcome_of(create(), None).is_done


def test_paths_of_pods() -> None:
    pod = filler(SET, 2)
    assert pod_path(pod) == "/api/v1/namespaces/a/pods/s-2"
    assert pod_path(pod, "resize") == "/api/v1/namespaces/a/pods/s-2/resize"


def test_actions_are_about_pods_by_namespace_and_name() -> None:
    assert key_of(create(index=4)) == "a/s-4"
    assert key_of(delete(pod=filler(SET, 5))) == "a/s-5"


def test_a_deletion_waits_for_nothing() -> None:
    assert not action_waits(delete())


def test_a_create_waits_for_what_has_to_be_gone() -> None:
    assert action_waits(create(after=("a/s-1",)))
    assert not action_waits(create())


def test_a_filler_on_its_way_takes_the_room_of_its_node() -> None:
    pod = expected_pod(create(index=4, node="n7"), None)
    assert (pod.key, pod.place, pod.owner) == ("a/s-4", "n7", SET.uid)
    assert pod.held == SET.shapes[0].smallest


def test_a_filler_being_deleted_counts_as_leaving() -> None:
    pod = filler(SET)
    expected = expected_pod(delete(pod=pod), pod)
    assert expected.is_terminating
    assert expected.held == pod.held


def test_a_filler_being_shrunk_holds_what_it_had_and_asks_for_less() -> None:
    pod = filler(SET)
    expected = expected_pod(resize(pod=pod), pod)
    assert expected.held["cpu"] == pod.held["cpu"]
    assert expected.requests["cpu"] == expected.sizes["cpu"] == 500


def test_what_was_seen_last_counts_and_not_what_the_decision_was_made_from() -> None:
    pod = filler(SET)
    seen = filler(SET, is_ready=False)
    assert not expected_pod(delete(pod=pod), seen).is_ready


@pytest.mark.parametrize(
    ("result", "beneficiary", "gives_up"),
    [
        (Result.SUPERSEDED, Beneficiary("ls/ls", "uid-ls"), True),
        (Result.SUPERSEDED, None, False),
        (Result.DONE, Beneficiary("ls/ls", "uid-ls"), False),
    ],
)
def test_a_filler_that_stays_although_it_was_to_leave_for_somebody_gives_up_room(
    result: Result, beneficiary: Beneficiary | None, gives_up: bool
) -> None:
    assert Outcome(delete(beneficiary=beneficiary), result).gives_up_room is gives_up
    assert Outcome(resize(beneficiary=beneficiary), result).gives_up_room is gives_up


def test_an_ls_pod_that_was_changed_before_it_was_nominated_gives_up_room_but_what_it_had() -> None:
    waiting = ls()
    assert Outcome(NominatePod(waiting, "n2"), Result.SUPERSEDED).gives_up_room
    moved = NominatePod(replace(waiting, nominated="n1"), "n2")
    assert not Outcome(moved, Result.SUPERSEDED).gives_up_room
