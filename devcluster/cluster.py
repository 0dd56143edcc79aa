"""A real control plane on loopback for as long as a `with` block lasts.

Ready means: the API server says so at /readyz, every asked-for node is Ready, free of the not-ready taint and held by
kwok, the scheduler says so, and pods can be created in the default namespace. Nothing outlives the block, or the
program (see supervisor.py).
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from devcluster import kubeconfig, nodes, startup
from devcluster.api import ApiClient
from devcluster.binaries import find_binaries
from devcluster.components import APISERVER, ETCD, KWOK, SCHEDULER
from devcluster.readiness import NODE_LEASES, Readiness
from devcluster.realnodes.nodes import RealNodes
from devcluster.settings import ClusterSettings, NodeSpec

TOKEN_SECONDS = 7 * 24 * 3600


class LocalCluster:
    """etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, with their own folder and ports."""

    def __init__(self, settings: ClusterSettings | None = None, folder: Path | None = None) -> None:
        """Nothing starts before the `with` block. Without `folder` a temporary one is made, and removed unless
        something fails.
        """
        self.settings = settings or ClusterSettings()
        self._given_folder = folder
        self._plane: startup.ControlPlane | None = None
        #: Keep the logs at the end although nothing was raised.
        self.keep_logs = False

    def __enter__(self) -> Self:
        """Start everything and wait until it is ready."""
        self.binaries = find_binaries()
        self.folder = self._given_folder or Path(tempfile.mkdtemp(prefix="paraset-cluster-"))
        try:
            self._plane = startup.start(self.folder, self.settings, self.binaries)
        except BaseException as error:
            self._say_where_the_logs_are(error)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End everything; keep the logs if the block failed."""
        self.plane.end()
        self._plane = None
        if error is not None and not isinstance(error, KeyboardInterrupt | GeneratorExit):
            self._say_where_the_logs_are(error)
        elif self._given_folder is None and not self.keep_logs:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def plane(self) -> startup.ControlPlane:
        """The running control plane."""
        if self._plane is None:
            raise RuntimeError("the cluster is not running: use it inside `with LocalCluster(...) as cluster:`")
        return self._plane

    @property
    def api(self) -> ApiClient:
        """A quick JSON client, as cluster administrator."""
        return self.plane.api

    @property
    def kubeconfig(self) -> Path:
        """The cluster administrator's kubeconfig."""
        return self.plane.layout.kubeconfig_of("admin")

    @property
    def server(self) -> str:
        """The API server's URL."""
        return self.plane.layout.server

    @property
    def audit_log(self) -> Path:
        """Every request as a JSON line (audit.k8s.io/v1 Event, level Metadata), written before its answer is sent."""
        return self.plane.layout.audit_log

    def kubectl(
        self,
        *arguments: str,
        input: str | None = None,  # noqa: A002  subprocess.run's word
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as cluster administrator; with `check` a failure raises with kubectl's own words."""
        argv = [str(self.binaries / "kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(argv, input=input, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)} exited with {done.returncode}: {done.stderr.strip()}")
        return done

    def apply(self, manifest: str | Path) -> None:
        """`kubectl apply --server-side` of a file or folder (a Path) or of YAML text (a str)."""
        if isinstance(manifest, Path):
            self.kubectl("apply", "--server-side", "-f", str(manifest))
        else:
            self.kubectl("apply", "--server-side", "-f", "-", input=manifest)

    @property
    def real(self) -> RealNodes:
        """The real nodes; RuntimeError if they are simulated."""
        if self.plane.real is None:
            raise RuntimeError("the nodes of this cluster are simulated: start it with ClusterSettings(real=True)")
        return self.plane.real

    def add_nodes(self, specs: Iterable[NodeSpec]) -> None:
        """Add machines and wait until pods can be scheduled to them."""
        added = list(specs)
        for spec in added:
            self.api.post("/api/v1/nodes", nodes.node_manifest(spec))
        Readiness(self.api, self.plane.processes, self.settings.start_timeout).nodes({spec.name for spec in added})

    def remove_node(self, name: str) -> None:
        """Delete a Node, as a cloud provider does with a machine that is gone."""
        self.api.delete(f"/api/v1/nodes/{name}")

    def set_node_ready(self, name: str, ready: bool) -> None:
        """Flip a node's Ready condition, as its kubelet would; it stays until it is set again."""
        self.api.patch(f"/api/v1/nodes/{name}/status", nodes.ready_patch(ready))

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig with a bound token of an existing ServiceAccount, so that its RBAC is proven by use."""
        body: dict[str, Any] = {"spec": {"expirationSeconds": TOKEN_SECONDS}}
        answer = self.api.post(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", body)
        path = self.folder / f"{namespace}-{name}.kubeconfig"
        return kubeconfig.write_with_token(path, self.server, self.plane.authority, name, answer["status"]["token"])

    def stop_process(self, name: str) -> None:
        """End one process of the control plane, e.g. "kube-scheduler"."""
        self.plane.processes.stop(name)

    def start_process(self, name: str) -> None:
        """Start a stopped process with the command it had, and wait until it is ready."""
        if name == KWOK:
            # A new kwok has a new identity, and would leave nodes alone until the leases of the old one expire.
            self.api.delete(NODE_LEASES)
        self.plane.processes.start_again(name)
        ready = Readiness(self.api, self.plane.processes, self.settings.start_timeout)
        if name == SCHEDULER:
            ready.scheduler(self.plane.layout.scheduler_port)
        elif name in (ETCD, APISERVER):
            ready.server()

    def wait_until(self, what: str, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until `condition` holds (an API error is "not yet"); NotReadyError names `what` if it takes too long."""
        Readiness(self.api, self.plane.processes, seconds).until(what, condition)

    def check(self) -> None:
        """Raise ProcessDiedError, with the last lines of its log, if a process has died."""
        self.plane.processes.check()

    def _say_where_the_logs_are(self, error: BaseException) -> None:
        error.add_note(f"The logs of the local cluster were kept in {self.folder / 'logs'}")
