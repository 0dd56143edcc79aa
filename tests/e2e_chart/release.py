"""One Helm release of the chart on a cluster, as a user would handle it, and what is seen of it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from manifests import GPU, IMAGE
from operating import eventually

from chart_tools.helm import CHART, NAMESPACE, RELEASE, helm
from devcluster import LocalCluster

Json = dict[str, Any]

TEAM = "chart-team"
SET = "filler"
FILLERS = f"/api/v1/namespaces/{TEAM}/pods?labelSelector=app.kubernetes.io%2Fname%3Dparaset-filler"
OPERATORS = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app.kubernetes.io%2Fcomponent%3Doperator"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/paraset-operator"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/paraset-operator"
#: What the chart before this one did not know yet.
NEW_FIELD = "tenants"
PREVIOUS_VERSION = "0.0.9"
WAIT = ("--wait", "--timeout=4m")
#: Another name of the same image, to upgrade to.
NEW_TAG = "0.1.0-other"


def previous_chart(folder: Path) -> Path:
    """A chart as it may have been before this one: a lower version, and a CRD that lacks a field."""
    chart = Path(shutil.copytree(CHART, folder / "paraset"))
    meta = chart / "Chart.yaml"
    meta.write_text(meta.read_text().replace("\nversion: 0.1.0\n", f"\nversion: {PREVIOUS_VERSION}\n"))
    assert PREVIOUS_VERSION in meta.read_text()
    path = chart / "files" / "crds" / "paraset.io_fillpolicies.yaml"
    crd = yaml.safe_load(path.read_text())
    del policy_fields(crd)[NEW_FIELD]
    path.write_text(yaml.safe_dump(crd, sort_keys=False))
    return chart


def policy_fields(crd: Json) -> Json:
    """The fields of a FillPolicy's spec that a CRD knows."""
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return dict(schema["properties"])["spec"]["properties"]  # type: ignore[no-any-return]


def the_set(**container: Any) -> Json:
    """A ParaSet that fills the GPUs, one a filler, with these fields of its container."""
    shape = {"name": "gpu", "fixed": {GPU: 1, "memory": "16Mi"}, "elastic": {"cpu": {"min": "10m", "max": "20m"}}}
    spec = {
        "replicas": 50,
        "shapes": [shape],
        "yield": {"gracePeriodSeconds": 10, "noticeSeconds": 0},
        "template": {"spec": {"containers": [{"name": "main", "image": IMAGE, **container}]}},
    }
    metadata = {"name": SET, "namespace": TEAM}
    return {"apiVersion": "paraset.io/v1alpha1", "kind": "ParaSet", "metadata": metadata, "spec": spec}


@dataclass
class Release:
    """The release `paraset` in `paraset-system`."""

    cluster: LocalCluster

    def helm(self, *arguments: str) -> str:
        """Run helm on the cluster, in the release's namespace."""
        return helm(*arguments, f"--kubeconfig={self.cluster.kubeconfig}", f"--namespace={NAMESPACE}")

    def install(self, chart: Path, *values: str) -> None:
        """Install, and wait until everything is ready."""
        self.helm("install", RELEASE, str(chart), "--create-namespace", *WAIT, *values)

    def upgrade(self, chart: Path, *values: str) -> None:
        """Upgrade, and wait until everything is ready."""
        self.helm("upgrade", RELEASE, str(chart), *WAIT, *values)

    def rollback(self, revision: int) -> None:
        """Go back to a revision, and wait until everything is ready."""
        self.helm("rollback", RELEASE, str(revision), *WAIT)

    def uninstall(self) -> None:
        """Uninstall, and wait until everything is gone."""
        self.helm("uninstall", RELEASE, *WAIT)

    def remove(self) -> None:
        """Uninstall, CRDs included."""
        self.upgrade(CHART, "--set=crds.keep=false")
        self.uninstall()

    def history(self) -> list[tuple[int, str, str]]:
        """Revision, chart and status, first to last."""
        found = json.loads(self.helm("history", RELEASE, "--output=json"))
        return [(each["revision"], each["chart"], each["status"]) for each in found]

    def fill(self, **pod: Any) -> list[Json]:
        """Apply the set, its container with these fields, and wait until it has filled all GPUs."""
        self.make_namespace()
        self.cluster.apply(json.dumps(the_set(**pod)))
        return self.until_full()

    def make_namespace(self, name: str = TEAM) -> None:
        """See that a namespace is there."""
        self.cluster.apply(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))

    def until_full(self) -> list[Json]:
        """Wait until every GPU has a filler that runs."""

        def look() -> list[Json] | None:
            found = self.fillers()
            running = [each for each in found if each["status"].get("phase") == "Running"]
            return found if len(running) == len(found) == self.devices() else None

        return eventually("all GPUs are filled", look, 120) or []

    def devices(self) -> int:
        """GPUs of the cluster."""
        nodes = self.cluster.api.get("/api/v1/nodes")["items"]
        return sum(int(each["status"]["allocatable"].get(GPU, 0)) for each in nodes)

    def fillers(self) -> list[Json]:
        """The fillers, by name."""
        return sorted(self.cluster.api.get(FILLERS)["items"], key=lambda each: str(each["metadata"]["name"]))

    def operators(self) -> list[Json]:
        """The operator's pods."""
        return list(self.cluster.api.get(OPERATORS)["items"])

    def deployment(self) -> Json:
        """The operator's Deployment."""
        return dict(self.cluster.api.get(DEPLOYMENT))

    def knows_new_field(self) -> bool:
        """Whether the CRD in the cluster knows the field that the previous chart's lacked."""
        return NEW_FIELD in policy_fields(self.cluster.api.get(f"{CRDS}/fillpolicies.paraset.io"))

    def leader(self) -> str:
        """Who holds the Lease."""
        return str(self.cluster.api.get(LEASE)["spec"].get("holderIdentity") or "")

    def objects(self) -> list[str]:
        """What of the release is left in the cluster, as kind and name."""
        kinds = (
            "deployments,services,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,pdb,"
            "resourcequotas,priorityclasses,validatingadmissionpolicies,validatingadmissionpolicybindings,crds"
        )
        argv = ("get", kinds, "-A", "-l", f"app.kubernetes.io/part-of={RELEASE}", "-o", "name")
        return self.cluster.kubectl(*argv).stdout.split()


def identity(pods: list[Json]) -> list[tuple[str, str, str, int]]:
    """What has to stay the same of pods that nobody touches: name, uid, spec and restarts."""
    return [
        (
            each["metadata"]["name"],
            each["metadata"]["uid"],
            json.dumps(each["spec"], sort_keys=True),
            sum(status.get("restartCount", 0) for status in each["status"].get("containerStatuses") or ()),
        )
        for each in pods
    ]


def until(what: str, look: Callable[[], Any]) -> Any:
    """Wait with the patience that a busy machine needs."""
    return eventually(what, look, 120)
