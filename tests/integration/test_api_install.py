"""The install manifest applies, gives the operator what it needs and no more, and fences what it does to pods."""

import json
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from api_cases import PARASET, Json

from devcluster import LocalCluster

ROOT = Path(__file__).resolve().parents[2]
INSTALL = ROOT / "deploy" / "install.yaml"
NAMESPACE = "api-install"
OPERATOR = "system:serviceaccount:paraset-system:paraset-operator"
#: What the operator may write of no pod's status.
STATUS_OF_ANY_POD: dict[str, Json] = {
    "phase": {"status": {"phase": "Failed"}},
    "podIP": {"status": {"podIP": "10.9.9.9", "podIPs": [{"ip": "10.9.9.9"}]}},
    "hostIP": {"status": {"hostIP": "10.9.9.9"}},
    "reason": {"status": {"reason": "Evicted", "message": "no room"}},
    "startTime": {"status": {"startTime": "2020-01-01T00:00:00Z"}},
    "resources": {"status": {"resources": {"requests": {"cpu": "7"}}}},
    "containerStatuses": {
        "status": {"containerStatuses": [{"name": "c", "image": "i", "imageID": "i", "ready": True, "restartCount": 0}]}
    },
    "labels": {"metadata": {"labels": {"app": "other"}}},
    "annotations": {"metadata": {"annotations": {"told": "lies"}}},
    "finalizers": {"metadata": {"finalizers": ["example.com/stay"]}},
}
PREEMPTED: Json = {"status": {"conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "Preemption"}]}}


@pytest.fixture(scope="module")
def cluster(local_cluster: LocalCluster) -> Iterator[LocalCluster]:
    objects = [obj for obj in yaml.safe_load_all(INSTALL.read_text()) if obj["kind"] != "Deployment"]
    local_cluster.apply(yaml.safe_dump_all(objects))
    local_cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(ROOT / "crds"))
    local_cluster.kubectl("create", "namespace", NAMESPACE)
    wait_for_the_fence(local_cluster)
    yield local_cluster
    local_cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def wait_for_the_fence(cluster: LocalCluster) -> None:
    """The API server keeps new admission policies some moments after it has taken them."""
    deadline = time.monotonic() + 30
    nobodys = pod("nobodys", None)
    nobodys["metadata"]["labels"] = labels_of({"name": "nobody"})
    cluster.kubectl("create", "-f", "-", input=json.dumps(ls_pod("probe")))
    answers: dict[str, Callable[[], str]] = {
        "filler-namespaces'": lambda: refusal(cluster, nobodys),
        "operator-fence'": lambda: refusal(cluster, pod("orphan", None), f"--as={OPERATOR}"),
        "operator-fence-only-fillers'": lambda: patch_as_operator(cluster, "probe", "resize", resize("1m")),
        "operator-fence-status'": lambda: patch_as_operator(cluster, "probe", "status", STATUS_OF_ANY_POD["phase"]),
    }
    for policy, answer in answers.items():
        while policy not in answer():
            assert time.monotonic() < deadline, f"{policy} is not in force after 30 s"
    cluster.kubectl("delete", "pod", "probe", "-n", NAMESPACE, "--wait=false")


def refusal(cluster: LocalCluster, body: Json, *who: str) -> str:
    """Why the API server would refuse a pod, if it would."""
    tried = cluster.kubectl("create", "--dry-run=server", *who, "-f", "-", input=json.dumps(body), check=False)
    return tried.stderr


@pytest.fixture(scope="module")
def as_operator(cluster: LocalCluster) -> str:
    return f"--kubeconfig={cluster.service_account_kubeconfig('paraset-system', 'paraset-operator')}"


def patch_as_operator(cluster: LocalCluster, name: str, sub: str, body: Json) -> str:
    """PATCH as the operator does, without the GET that kubectl sends first; return "" or why it was refused."""
    path = cluster.service_account_kubeconfig("paraset-system", "paraset-operator")
    token = yaml.safe_load(path.read_text())["users"][0]["user"]["token"]
    request = urllib.request.Request(
        f"{cluster.server}/api/v1/namespaces/{NAMESPACE}/pods/{name}/{sub}".rstrip("/"),
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/strategic-merge-patch+json"},
        method="PATCH",
    )
    context = ssl.create_default_context(cafile=str(cluster.plane.authority))
    try:
        with urllib.request.urlopen(request, context=context, timeout=30):
            return ""
    except urllib.error.HTTPError as refused:
        return str(json.loads(refused.read())["message"])


@pytest.fixture(scope="module")
def owner(cluster: LocalCluster) -> Json:
    """A ParaSet, as the owner reference of its fillers."""
    obj = PARASET | {"metadata": {"name": "owner", "namespace": NAMESPACE}}
    made = json.loads(cluster.kubectl("create", "-o", "json", "-f", "-", input=json.dumps(obj)).stdout)
    return {
        "apiVersion": "paraset.io/v1alpha1",
        "kind": "ParaSet",
        "name": "owner",
        "uid": made["metadata"]["uid"],
        "controller": True,
    }


def labels_of(owner: Json) -> Json:
    return {"app.kubernetes.io/name": "paraset-filler", "paraset.io/paraset": owner["name"]}


def pod(name: str, owner: Json | None, **spec: object) -> Json:
    container = {"name": "c", "image": "busybox:1.37", "resources": {"requests": {"cpu": "10m"}}}
    owners = {"ownerReferences": [owner], "labels": labels_of(owner)} if owner else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE} | owners,
        "spec": {"containers": [container], "priorityClassName": "paraset-filler"} | spec,
    }


def ls_pod(name: str) -> Json:
    """A pod that is nobody's filler, and that nobody schedules."""
    return pod(name, None, priorityClassName="", schedulerName="nobody")


def resize(cpu: str) -> Json:
    return {"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]}}


def test_the_whole_manifest_is_valid(cluster: LocalCluster) -> None:
    cluster.kubectl("apply", "--server-side", "--dry-run=server", "--force-conflicts", "-f", str(INSTALL))


def test_the_operators_pod_is_admitted_under_the_restricted_profile(cluster: LocalCluster) -> None:
    objects = yaml.safe_load_all(INSTALL.read_text())
    template = next(obj for obj in objects if obj["kind"] == "Deployment")["spec"]["template"]
    metadata = template["metadata"] | {"name": "operator", "namespace": "paraset-system"}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    done = cluster.kubectl("create", "--dry-run=server", "-f", "-", input=json.dumps(body))
    assert "Warning" not in done.stderr


@pytest.mark.parametrize(
    ("verb", "resource", "namespace", "allowed"),
    [
        ("watch", "nodes", None, True),
        ("watch", "pods", None, True),
        ("create", "pods", NAMESPACE, True),
        ("delete", "pods", NAMESPACE, True),
        ("patch", "pods/resize", NAMESPACE, True),
        ("patch", "pods/status", NAMESPACE, True),
        ("patch", "parasets.paraset.io/status", NAMESPACE, True),
        ("patch", "fillpolicies.paraset.io/status", None, True),
        ("create", "events", NAMESPACE, True),
        ("watch", "deployments.apps", NAMESPACE, True),
        ("list", "horizontalpodautoscalers.autoscaling", NAMESPACE, True),
        ("watch", "jobs.batch", NAMESPACE, True),
        ("list", "priorityclasses.scheduling.k8s.io", None, True),
        ("list", "podtemplates", NAMESPACE, True),
        ("update", "deployments.apps", NAMESPACE, False),
        ("patch", "jobs.batch", NAMESPACE, False),
        ("update", "leases.coordination.k8s.io", "paraset-system", True),
        ("update", "leases.coordination.k8s.io", NAMESPACE, False),
        ("list", "configmaps", "paraset-system", False),
        ("patch", "parasets.paraset.io", NAMESPACE, False),
        ("patch", "pods", NAMESPACE, True),
        ("create", "pods/eviction", NAMESPACE, False),
        ("create", "pods/exec", NAMESPACE, False),
        ("deletecollection", "pods", NAMESPACE, False),
        ("get", "secrets", NAMESPACE, False),
        ("patch", "nodes", None, False),
        ("get", "nodes/proxy", None, False),
        ("impersonate", "users", None, False),
    ],
)
def test_rights_of_the_operator(
    cluster: LocalCluster, verb: str, resource: str, namespace: str | None, allowed: bool
) -> None:
    where = ("-n", namespace) if namespace else ("-A",) if resource == "pods" else ()
    name, _, sub = resource.partition("/")
    below = (f"--subresource={sub}",) if sub else ()
    done = cluster.kubectl("auth", "can-i", verb, name, *below, *where, f"--as={OPERATOR}", check=False)
    assert done.stdout.strip() == ("yes" if allowed else "no"), done.stderr


@pytest.mark.parametrize(
    ("verb", "name", "namespace", "allowed"),
    [
        ("get", "paraset-accounts", "paraset-system", True),
        ("create", "paraset-accounts", "paraset-system", True),
        ("patch", "paraset-accounts", "paraset-system", True),
        ("delete", "paraset-accounts", "paraset-system", False),
        ("get", "another", "paraset-system", False),
        ("patch", "paraset-accounts", NAMESPACE, False),
    ],
)
def test_the_operator_has_its_own_config_map_and_no_other(
    cluster: LocalCluster, verb: str, name: str, namespace: str, allowed: bool
) -> None:
    done = cluster.kubectl(
        "auth", "can-i", verb, f"configmaps/{name}", "-n", namespace, f"--as={OPERATOR}", check=False
    )
    assert done.stdout.strip() == ("yes" if allowed else "no"), done.stderr


@pytest.mark.parametrize(
    ("role", "verb", "allowed"),
    [("view", "get", True), ("view", "create", False), ("edit", "create", True), ("admin", "delete", True)],
)
def test_rights_of_users_are_aggregated(cluster: LocalCluster, role: str, verb: str, allowed: bool) -> None:
    user = f"{role}-user"
    body = cluster.kubectl(
        "create", "rolebinding", user, f"--clusterrole={role}", f"--user={user}", "-n", NAMESPACE,
        "--dry-run=client", "-o", "yaml",
    ).stdout  # fmt: skip
    cluster.apply(body)
    answer = cluster.kubectl("auth", "can-i", verb, "parasets", "-n", NAMESPACE, f"--as={user}", check=False)
    assert answer.stdout.strip() == ("yes" if allowed else "no")


def test_the_operator_may_create_change_and_delete_a_filler(
    cluster: LocalCluster, as_operator: str, owner: Json
) -> None:
    cluster.kubectl(as_operator, "create", "-f", "-", input=json.dumps(pod("filler", owner)))
    cluster.kubectl("wait", "pod/filler", "-n", NAMESPACE, "--for=condition=Ready", "--timeout=30s")
    assert patch_as_operator(cluster, "filler", "resize", resize("20m")) == ""
    cluster.kubectl(as_operator, "delete", "pod", "filler", "-n", NAMESPACE, "--wait=false")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"priorityClassName": "system-cluster-critical"}, "priority class paraset-filler"),
        ({"hostNetwork": True}, "namespaces of the host"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, "hostPath"),
        (
            {"containers": [{"name": "c", "image": "busybox:1.37", "securityContext": {"privileged": True}}]},
            "privileged",
        ),
        (
            {"containers": [{"name": "c", "image": "busybox:1.37", "ports": [{"containerPort": 1, "hostPort": 1}]}]},
            "host port",
        ),
        ({"nodeName": "node-0"}, "past the scheduler"),
        ({"terminationGracePeriodSeconds": 3600}, "grace period"),
    ],
)
def test_the_fence_keeps_the_operator_from_other_pods(
    cluster: LocalCluster, as_operator: str, owner: Json, spec: Json, says: str
) -> None:
    body = json.dumps(pod("other", owner, **spec))
    refused = cluster.kubectl(as_operator, "create", "-f", "-", input=body, check=False)
    assert refused.returncode
    assert says in refused.stderr


def test_the_fence_keeps_the_operator_from_pods_without_an_owner(cluster: LocalCluster, as_operator: str) -> None:
    refused = cluster.kubectl(as_operator, "create", "-f", "-", input=json.dumps(pod("orphan", None)), check=False)
    assert "whose controller is a ParaSet" in refused.stderr


@pytest.mark.parametrize("label", ["app.kubernetes.io/name", "paraset.io/paraset"])
def test_the_fence_keeps_the_operator_from_pods_without_the_labels_of_a_filler(
    cluster: LocalCluster, as_operator: str, owner: Json, label: str
) -> None:
    body = pod("unmarked", owner)
    body["metadata"]["labels"][label] = "other"
    refused = cluster.kubectl(as_operator, "create", "-f", "-", input=json.dumps(body), check=False)
    assert "the labels of a filler" in refused.stderr


def test_the_operator_may_make_no_pod_in_a_namespace_without_a_paraset(
    cluster: LocalCluster, as_operator: str, owner: Json
) -> None:
    body = pod("intruder", owner)
    body["metadata"]["namespace"] = "kube-system"
    refused = cluster.kubectl(as_operator, "create", "-f", "-", input=json.dumps(body), check=False)
    assert "paraset-filler-namespaces" in refused.stderr


def test_pods_of_others_need_no_paraset(cluster: LocalCluster) -> None:
    body = pod("plain", None, priorityClassName="")
    body["metadata"]["namespace"] = "kube-system"
    cluster.kubectl("create", "--dry-run=server", "-f", "-", input=json.dumps(body))


def test_of_an_ls_pod_the_operator_may_only_nominate_the_node(cluster: LocalCluster, as_operator: str) -> None:
    cluster.kubectl("create", "-f", "-", input=json.dumps(ls_pod("ls")))

    assert patch_as_operator(cluster, "ls", "status", {"status": {"nominatedNodeName": "node-0"}}) == ""
    answer = patch_as_operator(cluster, "ls", "status", {"status": {"phase": "Failed"}})
    assert "nothing of a pod's status but nominatedNodeName" in answer
    assert "whose controller is a ParaSet" in patch_as_operator(cluster, "ls", "resize", resize("1m"))
    refused = cluster.kubectl(as_operator, "delete", "pod", "ls", "-n", NAMESPACE, check=False)
    assert "whose controller is a ParaSet" in refused.stderr


@pytest.fixture(scope="module")
def waiting(cluster: LocalCluster, owner: Json) -> Json:
    """An LS pod and a filler that nobody schedules, so that nobody else writes their status."""
    pods = {"ls": ls_pod("waiting-ls"), "filler": pod("waiting-filler", owner, schedulerName="nobody")}
    for body in pods.values():
        cluster.kubectl("create", "-f", "-", input=json.dumps(body))
    return {kind: body["metadata"]["name"] for kind, body in pods.items()}


@pytest.mark.parametrize("kind", ["ls", "filler"])
@pytest.mark.parametrize("field", STATUS_OF_ANY_POD)
def test_by_a_status_the_operator_writes_nothing_else(
    cluster: LocalCluster, waiting: Json, kind: str, field: str
) -> None:
    answer = patch_as_operator(cluster, waiting[kind], "status", STATUS_OF_ANY_POD[field])
    assert "nothing of a pod's status but nominatedNodeName" in answer


def test_the_operator_may_not_add_an_address_to_a_pod(cluster: LocalCluster) -> None:
    cluster.kubectl("create", "-f", "-", input=json.dumps(ls_pod("addressed")))
    status: Json = {"status": {"podIP": "10.9.9.9", "podIPs": [{"ip": "10.9.9.9"}]}}
    target = ("pod", "addressed", "-n", NAMESPACE, "--subresource=status")
    cluster.kubectl("patch", *target, "--type=merge", "-p", json.dumps(status))
    second = {"status": {"podIPs": [{"ip": "10.9.9.9"}, {"ip": "fd00::9"}]}}
    assert "but nominatedNodeName" in patch_as_operator(cluster, "addressed", "status", second)


def test_the_fence_compares_every_field_of_a_status_that_the_api_server_knows(cluster: LocalCluster) -> None:
    schemas = cluster.api.get("/openapi/v3/api/v1")["components"]["schemas"]
    known = set(schemas["io.k8s.api.core.v1.PodStatus"]["properties"])
    policies = cluster.api.get("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies")["items"]
    (fence,) = (each for each in policies if each["metadata"]["name"] == "paraset-operator-fence-status")
    (condition,) = fence["spec"]["matchConditions"]
    compared = set(re.findall(r"object\.status\.\?(\w+) == oldObject\.status\.\?\1\b", condition["expression"]))
    assert known - compared == {"nominatedNodeName"}


@pytest.mark.parametrize("kind", ["ls", "filler"])
def test_the_operator_may_nominate_any_pod(cluster: LocalCluster, waiting: Json, kind: str) -> None:
    assert patch_as_operator(cluster, waiting[kind], "status", {"status": {"nominatedNodeName": "node-1"}}) == ""


def test_the_operator_may_write_conditions_of_fillers_alone(cluster: LocalCluster, waiting: Json) -> None:
    assert patch_as_operator(cluster, waiting["filler"], "status", PREEMPTED) == ""
    answer = patch_as_operator(cluster, waiting["ls"], "status", PREEMPTED)
    assert "conditions of fillers" in answer


def test_an_owner_that_is_no_controller_makes_no_filler(cluster: LocalCluster, as_operator: str, owner: Json) -> None:
    body = ls_pod("owned")
    body["metadata"]["ownerReferences"] = [owner | {"controller": False}]
    cluster.kubectl("create", "-f", "-", input=json.dumps(body))
    refused = cluster.kubectl(as_operator, "delete", "pod", "owned", "-n", NAMESPACE, check=False)
    assert "whose controller is a ParaSet" in refused.stderr
    assert "conditions of fillers" in patch_as_operator(cluster, "owned", "status", PREEMPTED)


@pytest.mark.parametrize("field", STATUS_OF_ANY_POD)
def test_the_fence_keeps_nobody_else_from_a_status(cluster: LocalCluster, waiting: Json, field: str) -> None:
    body = json.dumps(STATUS_OF_ANY_POD[field])
    target = ("pod", waiting["ls"], "-n", NAMESPACE, "--subresource=status", "--dry-run=server")
    cluster.kubectl("patch", *target, "--type=merge", "-p", body)


def test_the_fence_keeps_nobody_else_from_deleting_and_resizing(cluster: LocalCluster, waiting: Json) -> None:
    target = ("pod", waiting["ls"], "-n", NAMESPACE, "--dry-run=server")
    cluster.kubectl("patch", *target, "--subresource=resize", "-p", json.dumps(resize("20m")))
    cluster.kubectl("delete", *target)


def test_of_a_filler_the_operator_may_only_change_annotations(
    cluster: LocalCluster, as_operator: str, owner: Json
) -> None:
    cluster.kubectl(as_operator, "create", "-f", "-", input=json.dumps(pod("told", owner)))
    told = {"metadata": {"annotations": {"paraset.io/leaving-at": "2030-01-01T00:00:00Z"}}}
    assert patch_as_operator(cluster, "told", "", told) == ""
    relabelled = {"metadata": {"labels": {"team": "other"}}}
    assert "nothing of a filler but its annotations" in patch_as_operator(cluster, "told", "", relabelled)
    cluster.kubectl(as_operator, "delete", "pod", "told", "-n", NAMESPACE, "--wait=false")


def test_an_ls_pod_the_operator_may_not_annotate(cluster: LocalCluster, as_operator: str) -> None:
    assert as_operator
    cluster.kubectl("create", "-f", "-", input=json.dumps(pod("calm", None, priorityClassName="")))
    told = {"metadata": {"annotations": {"paraset.io/leaving-at": "2030-01-01T00:00:00Z"}}}
    assert "whose controller is a ParaSet" in patch_as_operator(cluster, "calm", "", told)


def test_who_may_not_create_pods_may_not_create_a_paraset(cluster: LocalCluster) -> None:
    cluster.kubectl("create", "role", "sets", "-n", NAMESPACE, "--verb=create,get", "--resource=parasets.paraset.io")
    cluster.kubectl("create", "rolebinding", "sets", "-n", NAMESPACE, "--role=sets", "--user=outsider")
    obj = json.dumps(PARASET | {"metadata": {"name": "sneaky", "namespace": NAMESPACE}})
    refused = cluster.kubectl("create", "--as=outsider", "-f", "-", input=obj, check=False)
    assert "you may not create pods in this namespace" in refused.stderr
