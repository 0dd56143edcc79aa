"""What a user does with kubectl: apply the examples, explain, get, scale; and a status the operator writes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from devcluster import LocalCluster
from paraset_operator.api.conditions import ConditionType, Reason, condition, set_condition
from paraset_operator.api.status import Limit, LostWork, ParaSetStatus, PlannedAction, ShapeStatus
from paraset_operator.api.v1alpha1 import parse_fill_policy, parse_paraset

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "api-kubectl"
NOW = "2026-01-01T00:00:00Z"
STATUS = ParaSetStatus(
    observed_generation=1,
    replicas=3,
    ready_replicas=2,
    desired_replicas=4,
    selector="paraset.io/paraset=minimal",
    resources={"nvidia.com/gpu": "3", "cpu": "12500m", "memory": "48Gi"},
    nodes=2,
    shapes=[ShapeStatus(name="cpu", replicas=3, ready_replicas=2)],
    limited_by=[Limit(reason="NoRoom", message="no node has room", nodes=2)],
    lost_work=LostWork(evictions=5, shrinks=7, resource_seconds={"cpu": 10**10}),
    plan=[PlannedAction(verb="create", pod="minimal-3", node="node-1", shape="cpu", requests={"cpu": "2"})],
    conditions=set_condition([], condition(ConditionType.READY, True, Reason.FILLED, "filled", generation=1, now=NOW)),
)


@pytest.fixture(scope="module")
def cluster(local_cluster: LocalCluster) -> Iterator[LocalCluster]:
    local_cluster.apply(ROOT / "crds")
    local_cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(ROOT / "crds"))
    local_cluster.kubectl("create", "namespace", NAMESPACE)
    local_cluster.kubectl("apply", "-n", NAMESPACE, "-f", str(ROOT / "examples" / "minimal.yaml"))
    yield local_cluster
    local_cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_examples_are_taken_and_read_back(cluster: LocalCluster, path: Path) -> None:
    objects = [obj for obj in yaml.safe_load_all(path.read_text()) if obj["kind"] != "Namespace"]
    for obj in objects:
        where = {"namespace": NAMESPACE} if obj["kind"] == "ParaSet" else {}
        obj["metadata"] = {"name": f"{obj['metadata']['name']}-read-back"} | where
        taken = cluster.kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", input=json.dumps(obj)).stdout
        parse = parse_paraset if obj["kind"] == "ParaSet" else parse_fill_policy
        parse(json.loads(taken), strict=True)


def test_explain_reads_well(cluster: LocalCluster) -> None:
    text = " ".join(cluster.kubectl("explain", "paraset.spec.shapes").stdout.split())
    assert "Ways to run one instance, 1 to 64." in text
    assert "elastic <map[string]Object> cpu and memory that grow and shrink in place" in text
    for field in ("spec.shapes.elastic", "spec.yield", "spec.budgets", "spec.behavior.scaleUp", "status.conditions"):
        assert "<no description>" not in cluster.kubectl("explain", f"paraset.{field}").stdout
    assert "pacing" in cluster.kubectl("explain", "fp.spec").stdout


def test_scale_writes_the_ceiling(cluster: LocalCluster) -> None:
    cluster.kubectl("scale", "pset", "minimal", "-n", NAMESPACE, "--replicas=7")
    obj = json.loads(cluster.kubectl("get", "pset", "minimal", "-n", NAMESPACE, "-o", "json").stdout)
    assert obj["spec"]["replicas"] == 7
    refused = cluster.kubectl("scale", "pset", "minimal", "-n", NAMESPACE, "--replicas=2000000", check=False)
    assert refused.returncode == 1
    assert "spec.replicas" in refused.stderr


def test_a_whole_status_is_kept_and_shown(cluster: LocalCluster) -> None:
    body = {"status": STATUS.model_dump(by_alias=True, exclude_none=True)}
    path = f"/apis/paraset.io/v1alpha1/namespaces/{NAMESPACE}/parasets/minimal/status"
    kept = cluster.api.patch(path + "?fieldValidation=Strict", body, "application/merge-patch+json")
    assert kept["status"] == body["status"]
    assert parse_paraset(kept).status == STATUS
    scale = json.loads(
        cluster.kubectl("get", "pset", "minimal", "-n", NAMESPACE, "--subresource=scale", "-o", "json").stdout
    )
    assert scale["status"] == {"replicas": 3, "selector": "paraset.io/paraset=minimal"}
    header, row = cluster.kubectl("get", "pset", "-n", NAMESPACE, "-o", "wide").stdout.splitlines()
    columns = "NAME CEILING DESIRED PODS READY GPUS CPU MEMORY HEALTHY REASON AGE NODES LIMITED BY EVICTIONS"
    assert " ".join(header.split()) == columns
    words = row.split()
    assert words[2:10] == ["4", "3", "2", "3", "12500m", "48Gi", "True", "Filled"]
    assert words[-3:] == ["2", "NoRoom", "5"]


def test_a_condition_with_a_malformed_reason_is_refused(cluster: LocalCluster) -> None:
    bad = {"type": "Ready", "status": "Maybe", "reason": "two words", "lastTransitionTime": NOW}
    patch = json.dumps({"status": {"conditions": [bad]}})
    arguments = ("patch", "pset", "minimal", "-n", NAMESPACE, "--subresource=status", "--type=merge", "-p", patch)
    refused = cluster.kubectl(*arguments, check=False)
    assert "status.conditions[0].status" in refused.stderr
    assert "status.conditions[0].reason" in refused.stderr
