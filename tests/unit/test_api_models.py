"""The models take what is good, and refuse what is bad by naming the object, the field and the remedy."""

from pathlib import Path

import pytest
import yaml
from api_cases import BAD, FILL_POLICY, GOOD, PARASET, POLICY_BAD, POLICY_GOOD, Case, Json, changed

from paraset_operator.api.names import FILLER_PRIORITY, FILLER_PRIORITY_CLASS
from paraset_operator.api.template import template_errors
from paraset_operator.api.v1alpha1 import FillPolicySpec, InvalidObject, parse_fill_policy, parse_paraset

ROOT = Path(__file__).resolve().parents[2]


def by_name(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", BAD, ids=by_name)
def test_a_bad_paraset_is_refused_by_field(case: Case) -> None:
    with pytest.raises(InvalidObject) as refusal:
        parse_paraset(changed(PARASET, case), strict=True)
    assert str(refusal.value).startswith("ParaSet default/")
    assert any(says(problem, case) for problem in refusal.value.problems), refusal.value.problems


@pytest.mark.parametrize("case", POLICY_BAD, ids=by_name)
def test_a_bad_policy_is_refused_by_field(case: Case) -> None:
    with pytest.raises(InvalidObject) as refusal:
        parse_fill_policy(changed(FILL_POLICY, case), strict=True)
    assert any(says(problem, case) for problem in refusal.value.problems), refusal.value.problems


def says(problem: str, case: Case) -> bool:
    """Whether the problem names the field and the remedy."""
    return case.field in problem and case.says in problem


@pytest.mark.parametrize("case", GOOD, ids=by_name)
def test_a_good_paraset_is_taken(case: Case) -> None:
    parse_paraset(changed(PARASET, case), strict=True)


@pytest.mark.parametrize("case", POLICY_GOOD, ids=by_name)
def test_a_good_policy_is_taken(case: Case) -> None:
    parse_fill_policy(changed(FILL_POLICY, case), strict=True)


def test_the_template_is_kept_as_it_was_given() -> None:
    assert parse_paraset(PARASET).spec.template == PARASET["spec"]["template"]


def test_null_in_a_template_is_absent() -> None:
    with_nulls = changed(PARASET, Case("", ("spec", "template", "spec", "affinity"), None))
    with_nulls["spec"]["template"]["spec"]["containers"][0]["resources"] = None
    assert parse_paraset(with_nulls).spec.template == PARASET["spec"]["template"]


def test_quantities_are_kept_as_they_were_given() -> None:
    gpu, cpu = parse_paraset(PARASET).spec.shapes
    assert gpu.fixed == {"nvidia.com/gpu": 1}
    assert gpu.elastic is not None
    assert (gpu.elastic["cpu"].min, gpu.elastic["memory"].max) == ("1", "32Gi")
    assert cpu.elastic is not None
    assert cpu.elastic["cpu"].min == 1


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("spec", "replica"), "spec.replica"),
        (("spec", "min_replicas"), "spec.min_replicas"),
        (("spec", "shapes", 0, "elastics"), "spec.shapes[0].elastics"),
        (("spec", "shapes", 0, "elastic", "cpu", "most"), "spec.shapes[0].elastic[cpu].most"),
        (("spce",), "spce"),
    ],
)
def test_a_misspelt_field_is_refused_where_kubectl_refuses_it(path: tuple[str | int, ...], field: str) -> None:
    misspelt = changed(PARASET, Case("misspelt", path, 1))
    with pytest.raises(InvalidObject, match="unknown field") as refusal:
        parse_paraset(misspelt, strict=True)
    assert any(problem.startswith(f"{field}:") for problem in refusal.value.problems)
    parse_paraset(misspelt)


def test_several_problems_are_told_at_once() -> None:
    bad = changed(changed(PARASET, Case("", ("spec", "weight"), 0)), Case("", ("spec", "replicas"), -1))
    with pytest.raises(InvalidObject) as refusal:
        parse_paraset(bad)
    assert len(refusal.value.problems) == 2


@pytest.mark.parametrize(
    "obj",
    [
        {},
        {"apiVersion": "v1", "kind": "Pod"},
        {"apiVersion": "paraset.io/v2", "kind": "ParaSet"},
        {"apiVersion": "paraset.io/v1alpha1", "kind": "FillPolicy", "metadata": [], "spec": {}},
        {"apiVersion": "paraset.io/v1alpha1", "kind": "ParaSet", "metadata": "x", "spec": 3},
        {"apiVersion": "paraset.io/v1alpha1", "kind": "ParaSet", "metadata": None, "spec": None},
    ],
)
def test_what_is_no_paraset_is_refused_in_words(obj: Json) -> None:
    with pytest.raises(InvalidObject, match="ParaSet"):
        parse_paraset(obj)


def test_the_built_in_policy_is_the_documented_default() -> None:
    spec = FillPolicySpec()
    assert (spec.mode, spec.ls_priority, spec.max_grace_period_seconds, spec.nomination) == ("Auto", 0, 30, True)
    assert [(each.key, each.operator) for each in spec.tolerations] == [("nvidia.com/gpu", "Exists")]
    assert (spec.pacing.cool_down_seconds, spec.pacing.cool_down_max_seconds) == (60, 600)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_examples_are_valid(path: Path) -> None:
    parsers = {"ParaSet": parse_paraset, "FillPolicy": parse_fill_policy}
    objects = [obj for obj in yaml.safe_load_all(path.read_text()) if obj["kind"] in parsers]
    assert objects
    for obj in objects:
        parsers[obj["kind"]](obj, strict=True)


TEMPLATE_CASES = [
    case
    for case in BAD
    if case.path[:2] == ("spec", "template") and len(case.path) > 2 and not case.name.endswith("of the shape")
]


@pytest.mark.parametrize("case", TEMPLATE_CASES, ids=by_name)
def test_a_template_alone_gets_the_same_answer(case: Case) -> None:
    problems = template_errors(changed(PARASET, case)["spec"]["template"])
    assert any(case.field.removeprefix("spec.") in problem and case.says in problem for problem in problems), problems


def test_a_template_without_the_named_container_is_told() -> None:
    assert template_errors(PARASET["spec"]["template"], "worker") == []
    assert "nobody" in template_errors(PARASET["spec"]["template"], "nobody")[0]


def test_the_priority_class_is_the_one_in_the_manifest() -> None:
    objects = list(yaml.safe_load_all((ROOT / "deploy" / "install.yaml").read_text()))
    classes = {obj["metadata"]["name"]: obj for obj in objects if obj["kind"] == "PriorityClass"}
    assert classes[FILLER_PRIORITY_CLASS]["value"] == FILLER_PRIORITY
    assert classes[FILLER_PRIORITY_CLASS]["preemptionPolicy"] == "Never"
