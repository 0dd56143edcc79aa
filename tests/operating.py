"""An operator at work on a local control plane, and waits that end as soon as what they wait for has come about.

A test never sleeps: `eventually` waits until a deadline for something to become true, `stays_empty` watches that
nothing happens. What the operator did is told by the observer, which watches the API server by itself, and by the audit
log.
"""

import contextlib
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from manifests import Json, priority_classes

from demo.audit import AuditLog
from demo.install import ACCOUNT, OPERATOR_USER, SYSTEM_NAMESPACE, install
from demo.objects import Pod
from demo.observer import Observer
from demo.operator_process import OperatorProcess
from devcluster import LocalCluster
from devcluster.api import ApiError

T = TypeVar("T")

LEASE = "/apis/coordination.k8s.io/v1/namespaces/paraset-system/leases/paraset-operator"

# Generous, because the machine may be busy: a wait ends when the thing has happened, not when the time is over.
SECONDS = 60.0
# Longer than a status may wait to be written.
QUIET_SECONDS = 2.5


def eventually(what: str, look: Callable[[], T], seconds: float = SECONDS) -> T:
    """Wait until `look` returns something true, and return it; an API error counts as "not yet"."""
    deadline, last = time.monotonic() + seconds, None
    while True:
        with contextlib.suppress(ApiError, OSError):
            last = look()
            if last:
                return last
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s; last seen {last!r}"
        time.sleep(0.05)


def stays_empty(look: Callable[[], list[Any]], seconds: float) -> None:
    """Watch that `look` returns nothing all the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen = look()
        assert not seen, seen
        time.sleep(0.05)


class Operator(OperatorProcess):
    """The operator's process, its name in the Lease and its endpoints."""

    def __init__(self, kubeconfig: Path, logs: Path, identity: str, *options: str) -> None:
        super().__init__(kubeconfig, logs, identity, *options)
        self.identity = identity
        self.kubeconfig = kubeconfig

    @property
    def health_port(self) -> int:
        return self._health

    def health(self) -> Json:
        """What /readyz tells, ready or not; OSError if nobody answers."""
        try:
            return dict(json.loads(_get(f"http://127.0.0.1:{self._health}/readyz")))
        except urllib.error.HTTPError as not_ready:
            return dict(json.loads(not_ready.read()))

    def leads(self) -> bool:
        """Whether it says that it leads."""
        return bool(self.health()["leader"])

    def endpoint(self, path: str) -> str:
        """What the probes' server answers; HTTPError if not 2xx."""
        return _get(f"http://127.0.0.1:{self._health}{path}")

    def metrics(self) -> str:
        """All metrics as text."""
        return _get(f"http://127.0.0.1:{self._metrics}/metrics")

    def metric(self, series: str) -> float:
        """One series, named with its labels; 0 if there is none."""
        lines = (line.rpartition(" ") for line in self.metrics().splitlines() if not line.startswith("#"))
        return next((float(value) for name, _, value in lines if name == series), 0.0)


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


@dataclass
class Operated:
    """A cluster with everything installed, and what watches it."""

    cluster: LocalCluster
    observer: Observer
    audit: AuditLog

    @contextlib.contextmanager
    def operator(self, identity: str = "operator") -> Iterator[Operator]:
        """An operator under its own ServiceAccount, not yet started, with a log of its own.

        It need not wait for the Lease of one that was killed at the end of an earlier test.
        """
        self.cluster.api.delete(LEASE)
        account = self.cluster.service_account_kubeconfig(SYSTEM_NAMESPACE, ACCOUNT)
        with Operator(account, self.cluster.folder / "logs" / identity, identity) as process:
            yield process

    def fillers(self, namespace: str, name: str = "") -> list[Pod]:
        """The fillers of a namespace, or of one set there, leaving ones included."""
        every = self.observer.read(lambda state: state.fillers())
        return [pod for pod in every if pod.namespace == namespace and (not name or pod.owner.name == name)]

    def pod(self, namespace: str, name: str) -> Pod | None:
        return self.observer.read(lambda state: state.pods.get((namespace, name)))

    def made(self, namespace: str, name: str) -> list[float]:
        """When each filler that a set ever had was first seen, in order; seconds of the monotonic clock."""
        first: dict[str, float] = {}
        for change in self.observer.since(0):
            pod = change.new
            if isinstance(pod, Pod) and pod.is_filler and pod.namespace == namespace and pod.owner.name == name:
                first.setdefault(pod.uid, change.at)
        return sorted(first.values())

    def left(self, namespace: str, name: str = "") -> list[float]:
        """When each filler began to leave, in order."""
        first: dict[str, float] = {}
        for change in self.observer.since(0):
            pod = change.old
            if not isinstance(pod, Pod) or not pod.is_filler or pod.namespace != namespace:
                continue
            if (not name or pod.owner.name == name) and (change.new is None or change.new.terminating):
                first.setdefault(pod.uid, change.at)
        return sorted(first.values())

    def status(self, namespace: str, name: str) -> Json:
        path = f"/apis/paraset.io/v1alpha1/namespaces/{namespace}/parasets/{name}"
        return dict(self.cluster.api.get(path).get("status") or {})

    def condition(self, namespace: str, name: str, kind: str) -> tuple[str, str]:
        """Status and reason of a condition, for the generation that is there now; empty if it says nothing yet."""
        path = f"/apis/paraset.io/v1alpha1/namespaces/{namespace}/parasets/{name}"
        paraset = self.cluster.api.get(path)
        for each in (paraset.get("status") or {}).get("conditions") or ():
            if each["type"] == kind and each.get("observedGeneration") == paraset["metadata"]["generation"]:
                return each["status"], each["reason"]
        return "", ""

    def events(self, namespace: str) -> list[Json]:
        return list(self.cluster.api.get(f"/api/v1/namespaces/{namespace}/events")["items"])

    def writes(self, since: float, resource: str = "") -> list[str]:
        """The operator's requests since then (wall clock) that changed something, in words; leases are left out.

        A refused one has changed nothing, such as the question after each start whether a template is still taken:
        a dry run under a name that is taken.
        """
        return [
            f"{each.verb} {each.resource}/{each.subresource} {each.namespace}/{each.name}: {each.code}"
            for each in self.audit.writes(since)
            if each.code < 300 and resource in ("", each.resource)
        ]

    def until_quiet(self) -> None:
        """Wait until the operator has not written for a while."""
        eventually("the operator is quiet", lambda: time.time() - self.audit.last_write() > QUIET_SECONDS)

    def refused_creates(self, namespace: str) -> int:
        """How many creates of pods in that namespace the API server refused the operator."""
        return sum(
            each.verb == "create" and each.resource == "pods" and each.namespace == namespace and each.code == 403
            for each in self.audit.poll()
        )


@contextlib.contextmanager
def prepared(cluster: LocalCluster) -> Iterator[Operated]:
    """Install everything but the operator itself, and watch."""
    install(cluster)
    for each in priority_classes():
        cluster.api.post("/apis/scheduling.k8s.io/v1/priorityclasses", each)
    with Observer(cluster.kubeconfig) as observer:
        yield Operated(cluster, observer, AuditLog(cluster.audit_log, OPERATOR_USER))


def merge(cluster: LocalCluster, path: str, body: dict[str, Any]) -> None:
    """PATCH an object by a JSON merge patch."""
    cluster.api.patch(path, body, content_type="application/merge-patch+json")
