"""The API server refuses what the models refuse, takes what they take, and says which field is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_cases import BAD, FILL_POLICY, GOOD, PARASET, POLICY_BAD, POLICY_GOOD, Case, Json, changed

from devcluster import LocalCluster
from devcluster.api import ApiError

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "api-admission"
SETS = f"/apis/paraset.io/v1alpha1/namespaces/{NAMESPACE}/parasets"
POLICIES = "/apis/paraset.io/v1alpha1/fillpolicies"
TRY = "?dryRun=All&fieldValidation=Strict"


@pytest.fixture(scope="module")
def cluster(local_cluster: LocalCluster) -> Iterator[LocalCluster]:
    local_cluster.apply(ROOT / "crds")
    local_cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(ROOT / "crds"))
    local_cluster.kubectl("create", "namespace", NAMESPACE)
    yield local_cluster
    local_cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def in_namespace(obj: Json) -> Json:
    return obj | {"metadata": obj["metadata"] | {"namespace": NAMESPACE}}


def for_the_server(cases: list[Case]) -> list[Case]:
    return [case for case in cases if case.where != "model"]


def by_name(case: Case) -> str:
    return case.name


def refusal(cluster: LocalCluster, path: str, obj: Json) -> str:
    with pytest.raises(ApiError) as refused:
        cluster.api.post(path + TRY, obj)
    assert refused.value.code in (400, 422), refused.value
    return str(refused.value)


@pytest.mark.parametrize("case", for_the_server(BAD), ids=by_name)
def test_a_bad_paraset_is_refused_by_field(cluster: LocalCluster, case: Case) -> None:
    answer = refusal(cluster, SETS, in_namespace(changed(PARASET, case)))
    assert case.field.rpartition(".")[2].rpartition("]")[2] in answer, answer
    assert not case.says or case.says in answer or case.says in UNLIKE_THE_MODELS, answer


# The schema's own words, which are the API server's; the field is named either way.
UNLIKE_THE_MODELS = {
    "at least 1", "at most 64", "at most 16", "greater than or equal to 0", "52", "4096", "1000", "integer", "boolean",
    "string", "need values",
}  # fmt: skip


@pytest.mark.parametrize("case", for_the_server(POLICY_BAD), ids=by_name)
def test_a_bad_policy_is_refused_by_field(cluster: LocalCluster, case: Case) -> None:
    answer = refusal(cluster, POLICIES, changed(FILL_POLICY, case))
    assert case.field.rpartition(".")[2].rpartition("]")[2] in answer, answer
    assert not case.says or case.says in answer or case.says in UNLIKE_THE_MODELS, answer


@pytest.mark.parametrize("case", GOOD, ids=by_name)
def test_a_good_paraset_is_taken(cluster: LocalCluster, case: Case) -> None:
    cluster.api.post(SETS + TRY, in_namespace(changed(PARASET, case)))


@pytest.mark.parametrize("case", POLICY_GOOD, ids=by_name)
def test_a_good_policy_is_taken(cluster: LocalCluster, case: Case) -> None:
    cluster.api.post(POLICIES + TRY, changed(FILL_POLICY, case))


def test_a_misspelt_field_is_refused(cluster: LocalCluster) -> None:
    misspelt = changed(PARASET, Case("", ("spec", "shapes", 0, "elastics"), 1))
    assert "spec.shapes[0].elastics" in refusal(cluster, SETS, in_namespace(misspelt))


def test_the_largest_objects_are_within_the_cost_of_the_rules(cluster: LocalCluster) -> None:
    """Every list is as long as it may be: a rule that is too dear at run time would refuse a good object."""
    devices = {f"d.io/n{index}": 1 for index in range(16)}
    elastic = {"cpu": {"min": "1", "max": "2"}, "memory": {"min": "1Gi", "max": "2Gi"}}
    shapes = [{"name": f"s{index}", "fixed": devices, "elastic": elastic} for index in range(64)]
    other = {"requests": {f"e.io/n{index}": 1 for index in range(16)}}
    containers = [
        {"name": f"c{index}", "image": "busybox:1.37", "resources": other | {"limits": other["requests"]}}
        for index in range(16)
    ]
    largest = changed(PARASET, Case("", ("spec", "shapes"), shapes))
    largest["spec"]["template"]["spec"] |= {"containers": containers, "initContainers": containers}
    cluster.api.post(SETS + TRY, in_namespace(largest))


def test_defaults_are_filled_in_by_the_server(cluster: LocalCluster) -> None:
    obj = changed(PARASET, Case("", ("spec", "yield"), {}))
    del obj["spec"]["replicas"]
    spec = cluster.api.post(SETS + TRY, in_namespace(obj))["spec"]
    assert (spec["replicas"], spec["minReplicas"], spec["weight"], spec["suspend"]) == (1, 0, 1, False)
    assert spec["yield"] == {"gracePeriodSeconds": 10, "noticeSeconds": 10}
    policy = cluster.api.post(POLICIES + TRY, {**FILL_POLICY, "spec": {"pacing": {"minRunSeconds": 5}}})["spec"]
    assert (policy["mode"], policy["nodeSelector"]) == ("Auto", {})
    assert policy["pacing"]["coolDownMaxSeconds"] == 600
