"""When a cluster may be used. Every wait has a deadline, names what it waited for, and fails at once when a process has
died.
"""

import contextlib
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection
from typing import Any

from devcluster.api import ApiClient, ApiError
from devcluster.processes import Processes

POLL_SECONDS = 0.05
NODE_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


class NotReadyError(TimeoutError):
    """Something was not ready in time."""


class Readiness:
    """Waits for one cluster, until one deadline."""

    def __init__(self, api: ApiClient, processes: Processes, seconds: float) -> None:
        """The deadline is `seconds` from now."""
        self._api = api
        self._processes = processes
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds

    def until(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds; a connection refused meanwhile is "not yet"."""
        while True:
            began = time.monotonic()
            with contextlib.suppress(OSError, ApiError):
                if condition():
                    return
            self._processes.check()
            if time.monotonic() > self._deadline:
                logs = self._processes.logs
                raise NotReadyError(f"{what} was not ready within {self._seconds:g} s; see the logs in {logs}")
            time.sleep(max(POLL_SECONDS, time.monotonic() - began))  # the wait never keeps the cluster busy

    def server(self) -> None:
        """Wait for the API server's /readyz."""
        self.until("kube-apiserver", lambda: self._api.request("GET", "/readyz") == b"ok")

    def scheduler(self, port: int) -> None:
        """Wait for the scheduler's /readyz (its certificate is self-signed, and it asks for no credentials there)."""
        context = ssl._create_unverified_context()  # noqa: S323  loopback, and nothing is sent
        url = f"https://127.0.0.1:{port}/readyz"

        def ready() -> bool:
            with urllib.request.urlopen(url, context=context, timeout=5) as answer:
                return bool(answer.status == 200)

        self.until("kube-scheduler", ready)

    def default_account(self) -> None:
        """Wait until pods can be created in the default namespace."""
        path = "/api/v1/namespaces/default/serviceaccounts/default"
        self.until("the ServiceAccount default/default", lambda: bool(self._api.get(path)))

    def nodes(self, names: Collection[str]) -> None:
        """Wait until all these nodes take pods: Ready, not tainted, and in kwok's hands (it holds their leases)."""
        if not names:
            return
        self.until(f"{len(names)} nodes", lambda: set(names) <= _usable(self._api.get("/api/v1/nodes")))
        self.until(f"kwok's lease of {len(names)} nodes", lambda: set(names) <= _names(self._api.get(NODE_LEASES)))


def _usable(nodes: dict[str, Any]) -> set[str]:
    return {node["metadata"]["name"] for node in nodes["items"] if _is_ready(node) and not _is_tainted(node)}


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node["status"].get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _is_tainted(node: dict[str, Any]) -> bool:
    return any(taint["key"] == "node.kubernetes.io/not-ready" for taint in node["spec"].get("taints", []))


def _names(leases: dict[str, Any]) -> set[str]:
    return {lease["metadata"]["name"] for lease in leases["items"]}
