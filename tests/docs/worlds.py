"""What the commands of a page run on, each page on its own: a cluster with ParaSet at work, one without, or none.

The operator is a process under the ServiceAccount of deploy/install.yaml; of all names that pages leave to the reader
some are filled in, see PLACEHOLDERS.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from demo.install import install, operator_of
from devcluster import ClusterSettings, LocalCluster, NodeSpec

ROOT = Path(__file__).resolve().parents[2]
AT_WORK = "a cluster with ParaSet at work"
EMPTY = "an empty cluster"
NONE = "no cluster"
WORLDS = (AT_WORK, EMPTY, NONE)
#: A node, and a set of examples/ that is there wherever ParaSet is at work and a page speaks of "NAME in NS".
PLACEHOLDERS = {"NAME": "trainer", "SET": "trainer", "NS": "research", "NAMESPACE": "research", "NODE": "node-a"}
WORD = re.compile(r"(?<![\w$./-])(?:pset/)?(" + "|".join(PLACEHOLDERS) + r")(?![\w=])")
#: Commands that ask a live cluster about its sets, whatever these are called.
LOOKS_AT_SETS = re.compile(r"\bkubectl paraset\b|^paraset plan +#", re.MULTILINE)
NODES = [
    NodeSpec(f"node-{letter}", cpu_milli=16_000, memory_mib=65_536, gpus=gpus, model="G2" if gpus else "")
    for letter, gpus in (("a", 8), ("b", 8), ("c", 4))
]


@contextlib.contextmanager
def world(name: str, text: str) -> Iterator[Path | None]:
    """What the commands `text` run on, as a kubeconfig of an administrator; None where they begin with nothing."""
    if name == NONE:
        yield None
        return
    with LocalCluster(ClusterSettings(nodes=NODES, exit_seconds=0.5)) as cluster:
        if name == EMPTY:
            yield cluster.kubeconfig
            return
        install(cluster)
        serve(cluster)
        with operator_of(cluster, "docs") as operator:
            operator.start_ready(60)
            if WORD.search(text) or LOOKS_AT_SETS.search(text):
                running_set(cluster)
            if "paraset report" in text:
                cluster.kubectl("wait", "-n", "paraset-system", "--for=create", "cm/paraset-accounts", "--timeout=120s")
            yield cluster.kubeconfig


def serve(cluster: LocalCluster) -> None:
    """LS pods that leave fragments: few cores beside idle GPUs, and cores beside none."""
    for name, node, cpu, gpus in (("web-0", "node-a", 14, 2), ("web-1", "node-b", 8, 8)):
        resources = {"requests": {"cpu": cpu, "memory": "16Gi"}, "limits": {"nvidia.com/gpu": gpus}}
        spec = {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "containers": [{"name": "web", "image": "registry.k8s.io/pause:3.10", "resources": resources}],
        }
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "serving"}, "spec": spec}
        cluster.apply(yaml.safe_dump(pod))
    cluster.kubectl("wait", "pods", "--all", "-n", "serving", "--for=condition=Ready", "--timeout=60s")


def running_set(cluster: LocalCluster) -> None:
    """The set that stands for the reader's own, filled."""
    documents = yaml.safe_load_all((ROOT / "examples" / "trainer.yaml").read_text())
    cluster.apply(yaml.safe_dump_all(documents))
    cluster.kubectl("wait", "pset/trainer", "-n", "research", "--for=condition=Ready", "--timeout=120s")


def filled_in(text: str) -> str:
    """Commands with the names in place of the words that stand for the reader's own."""
    return WORD.sub(lambda found: found[0].replace(found[1], PLACEHOLDERS[found[1]]), text)
