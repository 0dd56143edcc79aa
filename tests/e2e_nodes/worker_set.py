"""The example worker as a set on real nodes: as examples/worker has it, but for what this cluster lacks (a registry,
cluster DNS), for its size, and for a shorter time between checkpoints.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from manifests import POOL, Json
from real_corner import RealCorner

from devcluster import images
from devcluster.realnodes import isolation
from devcluster.realnodes.node import SERVICE_ADDRESS

EXAMPLE = Path(__file__).parents[2] / "examples" / "worker"
IMAGE = "local.test/python:1"
SET = "worker"
CHECKPOINT_SECONDS = 12
SHAPE: Json = {"name": "core", "fixed": {"cpu": "1", "memory": "128Mi"}}


def python_image() -> Path:
    """An archive of the image that the worker runs in: the Python of this machine."""
    folder = Path(tempfile.mkdtemp(prefix="python-", dir=isolation.scratch()))
    return images.write_archive(images.Image(IMAGE), images.python_root(folder / "root"), folder / "python.tar")


class WorkerSet:
    """One filler of a core that works, saves into a folder, and says so on its pod."""

    def __init__(self, corner: RealCorner) -> None:
        self.corner = corner
        self.folder = Path(tempfile.mkdtemp(prefix="state-", dir=isolation.scratch()))
        self.folder.chmod(0o777)  # its user is not root, and a folder of the host is not handed over to it
        isolation.scratch().chmod(0o755)

    def apply(self) -> None:
        """Apply the worker's code, its right to speak about itself, and the set."""
        namespace = ("-n", self.corner.name)
        kubectl = self.corner.cluster.kubectl
        kubectl("create", "configmap", "worker", f"--from-file={EXAMPLE / 'worker.py'}", *namespace)
        kubectl("create", "role", "worker", "--verb=patch", "--resource=pods", *namespace)
        account = f"--serviceaccount={self.corner.name}:default"
        kubectl("create", "rolebinding", "worker", "--role=worker", account, *namespace)
        claim, paraset = yaml.safe_load_all((EXAMPLE / "paraset.yaml").read_text())
        claim["metadata"]["namespace"] = self.corner.name
        self.corner.cluster.apply(yaml.safe_dump_all([self._volume(), claim, self._adapted(paraset)]))

    def remove(self) -> None:
        """Remove what no namespace takes with it."""
        self.corner.cluster.kubectl("delete", "persistentvolume", self.corner.name, "--wait=false")

    def state(self) -> dict[str, int]:
        """What the worker saved last; FileNotFoundError before it did."""
        return dict(json.loads(self._file.read_text()))

    def saved_at(self) -> float:
        """When it did, wall clock."""
        return self._file.stat().st_mtime

    @property
    def _file(self) -> Path:
        return self.folder / f"{SET}-0.json"

    def _volume(self) -> Json:
        """What the claim is bound to: a folder that all nodes here can reach."""
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": self.corner.name},
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteMany"],
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": self.corner.name, "name": "checkpoints"},
                "hostPath": {"path": str(self.folder)},
            },
        }

    def _adapted(self, body: dict[str, Any]) -> Json:
        body["metadata"]["namespace"] = self.corner.name
        body["spec"] |= {"replicas": 1, "shapes": [SHAPE]}
        pod = body["spec"]["template"]["spec"]
        pod["nodeSelector"] = {POOL: self.corner.name}
        pod["hostAliases"] = [{"ip": SERVICE_ADDRESS, "hostnames": ["kubernetes.default.svc"]}]
        (worker,) = pod["containers"]
        worker["image"] = IMAGE
        interval = next(each for each in worker["env"] if each["name"] == "CHECKPOINT_SECONDS")
        interval["value"] = str(CHECKPOINT_SECONDS)
        return body
