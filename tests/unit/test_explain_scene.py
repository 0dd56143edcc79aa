"""What `paraset explain` takes over from the statuses the operator has written."""

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
