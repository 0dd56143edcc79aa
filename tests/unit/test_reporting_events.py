"""Events: who they are about, and how many become one."""

import pytest
from planning_cases import filler, paraset
from runtime_cases import NOW

from paraset_operator.reporting.events import Subject, event_body, in_words

SET = paraset("s")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a"], "1: a"),
        (["a", "b"], "2: a, b"),
        (list("abcde"), "5: a, b, c, d, e"),
        (list("abcdefg"), "7: a, b, c, d, e, ..."),
    ],
)
def test_many_are_told_by_their_number_and_the_first_few(names: list[str], words: str) -> None:
    assert in_words(names) == words


def test_an_event_of_a_pod_names_the_pod_and_lies_in_its_namespace() -> None:
    body = event_body(Subject.of_pod(filler(SET)), "Normal", "Yielded", "for ls", "one", NOW)
    assert body["metadata"]["namespace"] == "a"
    assert body["involvedObject"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": "a",
        "name": "s-0",
        "uid": "uid-a-s-0",
    }


def test_an_event_of_a_set_names_the_set() -> None:
    involved = event_body(Subject.of_set(SET), "Normal", "Yielded", "words", "one", NOW)["involvedObject"]
    assert (involved["kind"], involved["apiVersion"]) == ("ParaSet", "paraset.io/v1alpha1")


def test_an_event_of_a_policy_lies_where_the_api_server_takes_it() -> None:
    body = event_body(Subject.of_policy("default", "uid"), "Warning", "Invalid", "words", "one", NOW)
    assert body["metadata"]["namespace"] == "default"
    assert "namespace" not in body["involvedObject"]


def test_two_events_of_one_object_have_two_names() -> None:
    bodies = [event_body(Subject.of_set(SET), "Normal", "Yielded", "words", "one", NOW) for _ in range(2)]
    assert len({body["metadata"]["name"] for body in bodies}) == 2


def test_an_event_says_when_and_by_whom() -> None:
    body = event_body(Subject.of_set(SET), "Normal", "Yielded", "words", "one", NOW)
    assert body["firstTimestamp"] == "2026-03-02T10:30:00Z"
    assert (body["reportingComponent"], body["reportingInstance"]) == ("paraset-operator", "one")


def test_a_long_message_is_cut_to_what_the_api_takes() -> None:
    body = event_body(Subject.of_set(SET), "Normal", "Yielded", "x" * 5000, "one", NOW)
    assert len(body["message"]) == 1000
