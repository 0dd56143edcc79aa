"""What `paraset explain` takes over from the statuses the operator has written."""

from dataclasses import replace
from typing import Any

import pytest
from planning_cases import node, paraset, shape, snapshot

from paraset_operator.api.v1alpha1 import ParaSet, parse_paraset
from paraset_operator.model.plan import Limit, LimitReport
from paraset_operator.model.snapshot import Moment
from paraset_operator.runtime.explain import ExplainError, explained
from paraset_operator.runtime.scene import Scene
from paraset_operator.runtime.told import remark_on, told_of, waits_in
from tests.cluster_dump import example

SET = paraset("s", shape("gpu", gpus=1))


def known(generation: int = 2, **status: Any) -> ParaSet:
    body = example("trainer.yaml")
    body["metadata"] |= {"generation": generation}
    return parse_paraset(body | {"status": status})


def limited(reason: str, message: str = "words") -> dict[str, str]:
    return {"reason": reason, "message": message}


def test_limits_in_a_status_are_taken_over_and_unknown_words_left_out() -> None:
    found = told_of(known(limitedBy=[limited("CoolDown"), limited("FromTheFuture"), {"reason": "Ceiling"}]))
    assert found == (LimitReport(Limit.COOL_DOWN, "words"), LimitReport(Limit.CEILING, ""))
    assert told_of(known()) == ()


def test_a_set_that_waits_as_a_whole_is_planned_to_wait() -> None:
    told = {"a/s": told_of(known(limitedBy=[limited("CrashLooping", "s-0 on n1: Error")]))}
    scene = Scene(snapshot(node(cpu=8, gpus=1), (), SET), Moment(), waits_in({SET.uid: told["a/s"]}), told)
    found = explained(scene, "s", "a")
    assert found.report.replicas == 0
    assert [(each.reason, each.message) for each in found.limits] == [(Limit.CRASHING, "s-0 on n1: Error")]
    assert found.nodes[0].bound_by == "setLimit"


MOMENT = Moment(monotonic=1000.0, wall=1_700_000_000.0)


def waiting(reason: str, *ends: tuple[str | None, str]) -> dict[str, Any]:
    waits = [{"until": f"2023-11-14T{until}Z"} | ({"node": name} if name else {}) for name, until in ends]
    return limited(reason) | {"waits": waits}


def seconds_left(*entries: dict[str, Any]) -> dict[Limit, tuple[tuple[str, int], ...]]:
    told = {"a/s": told_of(known(limitedBy=list(entries)), MOMENT)}
    scene = Scene(snapshot(node(cpu=8, gpus=1), (), SET), MOMENT, waits_in({SET.uid: told["a/s"]}), told)
    return {each.reason: each.waits for each in explained(scene, "s", "a").limits}


def test_the_seconds_that_a_set_still_waits_are_told() -> None:
    assert seconds_left(waiting("CrashLooping", (None, "22:14:02")))[Limit.CRASHING] == (("", 42),)


def test_the_seconds_that_nodes_still_cool_down_are_told_and_the_first_to_end_comes_first() -> None:
    entry = waiting("CoolDown", ("n2", "22:13:50"), ("n1", "22:13:37"))
    assert seconds_left(entry)[Limit.COOL_DOWN] == (("n1", 17), ("n2", 30))


def test_a_node_that_cools_down_by_the_status_says_for_how_long() -> None:
    told = {"a/s": told_of(known(limitedBy=[waiting("CoolDown", ("n1", "22:14:02"))]), MOMENT)}
    scene = Scene(snapshot(node(cpu=8, gpus=1), (), SET), MOMENT, waits_in({SET.uid: told["a/s"]}), told)
    (found,) = explained(scene, "s", "a").nodes
    assert (found.bound_by, "in 42 s" in found.detail) == ("coolDown", True)


def test_a_node_that_refused_fillers_is_left_out_of_the_plan_until_the_wait_ends() -> None:
    told = {"a/s": told_of(known(limitedBy=[waiting("StaysPending", ("n1", "22:14:02"))]), MOMENT)}
    before = Scene(snapshot(node(cpu=8, gpus=1), (), SET), MOMENT, waits_in({SET.uid: told["a/s"]}), told)
    after = replace(before, moment=Moment(monotonic=1043.0, wall=1_700_000_043.0))
    assert [explained(each, "s", "a").report.replicas for each in (before, after)] == [0, 1]


@pytest.mark.parametrize(
    ("status", "remark"),
    [
        ({}, "No operator has reported on this set yet: is one at work, and has it the Lease?"),
        ({"observedGeneration": 1}, "The operator has not reported on the set's last change yet."),
        ({"observedGeneration": 2}, ""),
    ],
)
def test_a_status_that_is_behind_is_remarked(status: dict[str, int], remark: str) -> None:
    assert remark_on(known(**status)) == remark


def test_a_remark_is_shown_with_its_set_alone() -> None:
    other = paraset("other")
    scene = Scene(snapshot(node(), (), [SET, other]), Moment(), remarks={"a/s": "late"}, notes=("note",))
    assert explained(scene, "s", "a").notes == ("late", "note")
    assert explained(scene, "other", "a").notes == ("note",)


@pytest.mark.parametrize(
    ("name", "namespace", "said"),
    [
        ("s", "nowhere", "there is no namespace nowhere: name another with -n"),
        ("bad", "a", "ParaSet a/bad is invalid: spec.shapes: is empty"),
        ("other", "b", "there is no ParaSet b/other; the namespace has none: `kubectl get pset -A` lists all"),
    ],
)
def test_what_cannot_be_explained_is_said(name: str, namespace: str, said: str) -> None:
    problems = {"a/bad": "spec.shapes: is empty"}
    scene = Scene(snapshot(node(), (), SET), Moment(), problems=problems, namespaces=frozenset({"a", "b"}))
    with pytest.raises(ExplainError) as error:
        explained(scene, name, namespace)
    assert str(error.value) == said
