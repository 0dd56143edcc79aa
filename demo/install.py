"""What a cluster gets before the operator starts: the install manifest, namespaces, ParaSets.

Invariant: everything of deploy/install.yaml but the Deployment is applied as it is, and the operator runs as a
process under the ServiceAccount made there, so that its RBAC is proven by use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from demo.operator_process import OperatorProcess
from demo.workload import EXIT_ANNOTATION, NAMESPACE
from devcluster import LocalCluster

ROOT = Path(__file__).resolve().parent.parent
SYSTEM_NAMESPACE = "paraset-system"
ACCOUNT = "paraset-operator"
OPERATOR_USER = f"system:serviceaccount:{SYSTEM_NAMESPACE}:{ACCOUNT}"
EXAMPLES = ("fillpolicy", "trainer", "batch")
FILLER_EXIT_SECONDS = 3.0


def install(cluster: LocalCluster) -> None:
    """CRDs, account, rights, priority class and admission policies; and the namespace of the LS pods."""
    documents = [each for each in yaml.safe_load_all((ROOT / "deploy" / "install.yaml").read_text()) if each]
    cluster.apply(yaml.safe_dump_all(each for each in documents if each["kind"] != "Deployment"))
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=20s", "crd", "--all")
    cluster.apply(yaml.safe_dump({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}))


def apply_examples(cluster: LocalCluster) -> None:
    """The policy and the two example sets as they are, but that simulated pods take a while to exit like real ones."""
    for name in EXAMPLES:
        documents = list(yaml.safe_load_all((ROOT / "examples" / f"{name}.yaml").read_text()))
        for document in documents:
            if document["kind"] == "ParaSet":
                exit_after(document, FILLER_EXIT_SECONDS)
        cluster.apply(yaml.safe_dump_all(documents))


def exit_after(paraset: dict[str, Any], seconds: float) -> None:
    """Have the set's fillers take so long to exit; never longer than their grace period."""
    metadata = paraset["spec"]["template"].setdefault("metadata", {})
    metadata.setdefault("annotations", {})[EXIT_ANNOTATION] = f"{seconds:g}s"


def operator_of(cluster: LocalCluster, identity: str) -> OperatorProcess:
    """The operator as its own ServiceAccount, not yet started; its log is kept with those of the control plane."""
    account = cluster.service_account_kubeconfig(SYSTEM_NAMESPACE, ACCOUNT)
    return OperatorProcess(account, cluster.folder / "logs", identity)
