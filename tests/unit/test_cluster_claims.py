"""What objects say about pods to come, read from their JSON."""

from typing import Any

import msgspec
import pytest
from pod_json import Json, container, raw

from paraset_operator.cluster.claim_decode import autoscaler, capacity_buffer, job, kueue_workload, pod_template, scaled
from paraset_operator.cluster.claims import Claim, ClaimStore, Key
from paraset_operator.cluster.priority_classes import PriorityClasses
from paraset_operator.model.announced import Source

POD: Json = {"spec": {"containers": [container(requests={"cpu": "2"})], "priorityClassName": "high"}}


def obj(name: str = "web", spec: Json | None = None, status: Json | None = None, **metadata: Any) -> msgspec.Raw:
    meta = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": "1"} | metadata
    return msgspec.Raw(raw({"metadata": meta, "spec": spec or {}, "status": status or {}}))


def owned_by(kind: str, version: str, name: str = "web") -> list[Json]:
    return [{"apiVersion": version, "kind": kind, "name": name, "uid": "u", "controller": True}]


def wanted(claims: tuple[Claim, ...]) -> list[int]:
    return [claim.wanted for claim in claims]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "ReplicaSet"])
def test_a_scaled_object_claims_its_replicas(kind: str) -> None:
    (claim,) = scaled(kind)(obj(spec={"replicas": 3, "template": POD}))
    assert (claim.source, claim.wanted, claim.key) == (Source.WORKLOADS, 3, ("shop", f"{kind}/web"))
    assert claim.asker == f"{kind} shop/web"


def test_a_template_says_what_a_pod_will_be_like() -> None:
    (claim,) = scaled("Deployment")(obj(spec={"template": POD}))
    assert claim.template is not None
    assert claim.template.requests == {"cpu": 2000, "pods": 1}
    assert claim.template.priority_class == "high"


@pytest.mark.parametrize(
    "data",
    [
        obj(spec={"replicas": 0, "template": POD}),
        obj(spec={"replicas": 2, "template": POD}, deletionTimestamp="2026-01-01T00:00:00Z"),
        obj(spec={"replicas": 2, "template": POD}, ownerReferences=owned_by("Deployment", "apps/v1")),
    ],
    ids=["scaled to nothing", "being deleted", "a Deployment's own"],
)
def test_what_asks_for_nothing_claims_nothing(data: msgspec.Raw) -> None:
    assert scaled("ReplicaSet")(data) == ()


@pytest.mark.parametrize(
    ("spec", "status", "count"),
    [
        ({"parallelism": 3, "completions": 10}, {}, 3),
        ({"parallelism": 3, "completions": 10}, {"succeeded": 8}, 2),
        ({"parallelism": 3, "completions": 3}, {"succeeded": 1, "uncountedTerminatedPods": {"succeeded": ["u"]}}, 1),
        ({"parallelism": 3}, {}, 3),
        ({"parallelism": 3}, {"succeeded": 1}, 0),
        ({}, {}, 1),
    ],
)
def test_a_job_claims_the_pods_it_will_have_at_once(spec: Json, status: Json, count: int) -> None:
    completions = {"completions": 1} if not spec else {}
    assert wanted(job(obj(spec=spec | completions | {"template": POD}, status=status))) == [count]


@pytest.mark.parametrize("kind", ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"])
def test_a_job_that_ends_claims_nothing(kind: str) -> None:
    assert job(obj(spec={"template": POD}, status={"conditions": [{"type": kind, "status": "True"}]})) == ()


def test_a_suspended_job_is_a_source_of_its_own() -> None:
    (claim,) = job(obj(spec={"suspend": True, "template": POD}))
    assert (claim.source, claim.quiet) == (Source.SUSPENDED_JOBS, False)


def test_a_suspended_job_of_a_queue_asks_for_nothing_itself() -> None:
    (claim,) = job(obj(spec={"suspend": True, "template": POD}, labels={"kueue.x-k8s.io/queue-name": "q"}))
    assert claim.quiet


def hpa(kind: str = "Deployment", desired: int = 5, most: int = 10) -> msgspec.Raw:
    target = {"kind": kind, "name": "web"}
    return obj("hpa", {"scaleTargetRef": target, "maxReplicas": most}, {"desiredReplicas": desired})


def test_an_autoscaler_claims_the_pods_of_its_target() -> None:
    (claim,) = autoscaler(hpa())
    assert (claim.key, claim.wanted, claim.template) == (("shop", "Deployment/web"), 5, None)


def test_an_autoscaler_claims_no_more_than_its_maximum() -> None:
    assert wanted(autoscaler(hpa(most=3))) == [3]


def test_an_autoscaler_of_fillers_claims_nothing() -> None:
    assert autoscaler(hpa("ParaSet")) == ()


def workload(*conditions: str, owner: list[Json] | None = None, **status: Any) -> msgspec.Raw:
    given = {"conditions": [{"type": each, "status": "True"} for each in conditions]} | status
    spec = {"podSets": [{"name": "main", "count": 4, "template": POD}]}
    return obj("wl", spec, given, ownerReferences=owner or [])


def test_a_workload_claims_once_quota_is_reserved() -> None:
    assert kueue_workload(workload()) == ()
    assert wanted(kueue_workload(workload("QuotaReserved"))) == [4]


def test_a_workload_admitted_in_part_claims_that_part() -> None:
    admission = {"podSetAssignments": [{"name": "main", "count": 2}]}
    assert wanted(kueue_workload(workload("QuotaReserved", admission=admission))) == [2]


def test_a_workload_of_a_job_claims_the_jobs_pods_even_when_admitted() -> None:
    owner = owned_by("Job", "batch/v1", "train")
    (claim,) = kueue_workload(workload("QuotaReserved", "Admitted", owner=owner))
    assert claim.key == ("shop", "Job/train")


@pytest.mark.parametrize("ends", ["Admitted", "Finished"])
def test_a_workload_whose_pods_nobody_can_count_claims_until_it_is_admitted(ends: str) -> None:
    assert kueue_workload(workload("QuotaReserved", ends)) == ()


def test_a_capacity_buffer_claims_what_its_status_promises() -> None:
    (claim,) = capacity_buffer(obj("spare", status={"replicas": 2, "podTemplateRef": {"name": "chunk"}}))
    assert (claim.wanted, claim.template_of, claim.stands) == (2, "chunk", True)


def test_a_capacity_buffer_that_promises_nothing_claims_nothing() -> None:
    assert capacity_buffer(obj("spare", {"replicas": 2})) == ()


def test_a_pod_template_is_known_by_namespace_and_name() -> None:
    data = msgspec.Raw(raw({"metadata": {"name": "chunk", "namespace": "shop"}, "template": POD}))
    assert pod_template(data)[0] == ("shop", "chunk")


def test_a_store_tells_of_the_pods_whose_claims_changed() -> None:
    told: list[Key] = []
    store = ClaimStore(scaled("Deployment"), told.append)
    store.upsert(obj(spec={"replicas": 1, "template": POD}))
    store.upsert(obj(spec={"replicas": 1, "template": POD}, resourceVersion="2"))
    store.remove(obj())
    assert told == [("shop", "Deployment/web")] * 2


def test_a_store_forgets_what_a_list_does_not_name() -> None:
    store = ClaimStore(scaled("Deployment"), lambda _: None)
    store.upsert(obj(spec={"template": POD}))
    store.prune(set())
    assert store.claimed() == []


def test_an_object_that_cannot_be_read_claims_nothing_and_holds_up_no_other() -> None:
    store = ClaimStore(capacity_buffer, lambda _: None)
    store.upsert(obj("bad", status={"replicas": "many", "podTemplateRef": {"name": "chunk"}}))
    store.upsert(obj("good", status={"replicas": 1, "podTemplateRef": {"name": "chunk"}}))
    assert store.claimed() == [("shop", "CapacityBuffer/good")]


def priority_class(name: str, value: int, **fields: Any) -> msgspec.Raw:
    return msgspec.Raw(raw({"metadata": {"name": name, "uid": name}, "value": value} | fields))


@pytest.fixture
def classes() -> PriorityClasses:
    known = PriorityClasses(lambda: None)
    known.upsert(priority_class("high", 1000))
    known.upsert(priority_class("patient", 7, preemptionPolicy="Never"))
    return known


def test_no_priority_is_known_before_a_complete_list_was_seen(classes: PriorityClasses) -> None:
    assert classes.resolve("high", None, "") is None


@pytest.mark.parametrize(
    ("name", "priority", "policy", "found"),
    [
        ("high", None, "", (1000, True)),
        ("patient", None, "", (7, False)),
        ("high", None, "Never", (1000, False)),
        ("gone", None, "", None),
        ("", None, "", (0, True)),
        ("", 5, "", (5, True)),
    ],
)
def test_priorities_are_found_as_admission_finds_them(
    classes: PriorityClasses, name: str, priority: int | None, policy: str, found: tuple[int, bool] | None
) -> None:
    classes.prune({"high", "patient"})
    assert classes.resolve(name, priority, policy) == found


def test_a_pod_without_a_class_gets_the_global_default(classes: PriorityClasses) -> None:
    classes.upsert(priority_class("default", 50, globalDefault=True))
    classes.prune({"high", "patient", "default"})
    assert classes.resolve("", None, "") == (50, True)
