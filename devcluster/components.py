"""The command line of each process. Admission is the API server's default set: what a real cluster refuses, this one
refuses.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml

from devcluster.certificates import KeyPair
from devcluster.settings import ClusterSettings

ETCD, APISERVER, CONTROLLERS, SCHEDULER, KWOK = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
)
NODE_MONITOR_SECONDS = 1
SHORTEST_GRACE_SECONDS = 10

AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived", "ResponseStarted"],  # one line per request
    "rules": [{"level": "Metadata"}],
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one cluster's files lie and which ports it has."""

    folder: Path
    etcd_port: int
    etcd_peer_port: int
    server_port: int
    scheduler_port: int

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.folder / "pki"

    @property
    def etcd_data(self) -> Path:
        """The database: of no use once the cluster has ended."""
        return self.folder / "etcd"

    @property
    def audit_log(self) -> Path:
        """Every request, one JSON line each."""
        return self.folder / "logs" / "audit.log"

    @property
    def stages(self) -> Path:
        """What the simulated kubelets do."""
        return self.folder / "stages.yaml"

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://127.0.0.1:{self.server_port}"

    def kubeconfig_of(self, component: str) -> Path:
        """The credentials of one component."""
        return self.folder / f"{component}.kubeconfig"


def etcd(layout: Layout) -> list[str]:
    """A single etcd that does not wait for the disk: its data never outlives the cluster."""
    client, peer = f"http://127.0.0.1:{layout.etcd_port}", f"http://127.0.0.1:{layout.etcd_peer_port}"
    return [
        "--name=devcluster",
        f"--data-dir={layout.etcd_data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=devcluster={peer}",
        "--unsafe-no-fsync",
        f"--quota-backend-bytes={8 << 30}",
        "--log-level=warn",
    ]


def apiserver(layout: Layout, settings: ClusterSettings, authority: Path, tls: KeyPair, tokens: KeyPair) -> list[str]:
    """The API server, with default admission and real RBAC."""
    flags = [
        f"--etcd-servers=http://127.0.0.1:{layout.etcd_port}",
        f"--bind-address={'0.0.0.0' if settings.real else '127.0.0.1'}",  # noqa: S104  in a network namespace of its own
        "--advertise-address=127.0.0.1",
        f"--secure-port={layout.server_port}",
        f"--tls-cert-file={tls.certificate}",
        f"--tls-private-key-file={tls.key}",
        f"--client-ca-file={authority}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        "--endpoint-reconciler-type=none",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={tokens.certificate}",
        f"--service-account-signing-key-file={tokens.key}",
        "--service-cluster-ip-range=10.96.0.0/16",
        f"--cert-dir={layout.pki}",
    ]
    flags += _audit_flags(layout) if settings.audit else []
    return flags + (_kubelet_flags(layout, authority) if settings.real else []) + list(settings.apiserver_flags)


def _kubelet_flags(layout: Layout, authority: Path) -> list[str]:
    """How the API server reaches kubelets, for logs and exec."""
    return [
        f"--kubelet-certificate-authority={authority}",
        f"--kubelet-client-certificate={layout.pki / 'admin.crt'}",
        f"--kubelet-client-key={layout.pki / 'admin.key'}",
        "--kubelet-preferred-address-types=InternalIP",
    ]


def _audit_flags(layout: Layout) -> list[str]:
    policy = layout.folder / "audit-policy.yaml"
    policy.write_text(yaml.safe_dump(AUDIT_POLICY))
    # No rotation: whoever counts requests wants all of them in one file.
    return [f"--audit-policy-file={policy}", f"--audit-log-path={layout.audit_log}", "--audit-log-maxsize=100000"]


def controller_manager(layout: Layout, settings: ClusterSettings, authority: Path, tokens: KeyPair) -> list[str]:
    """All default controllers, each with its own ServiceAccount; they trust a node for as long as its lease."""
    grace = max(settings.lease_seconds, SHORTEST_GRACE_SECONDS)
    return [
        f"--kubeconfig={layout.kubeconfig_of(CONTROLLERS)}",
        f"--root-ca-file={authority}",
        f"--service-account-private-key-file={tokens.key}",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--secure-port=0",
        f"--kube-api-qps={settings.client_qps}",
        f"--kube-api-burst={settings.client_qps}",
        f"--node-monitor-period={NODE_MONITOR_SECONDS}s",
        f"--node-monitor-grace-period={grace}s",
        f"--node-startup-grace-period={grace + SHORTEST_GRACE_SECONDS}s",
    ]


def scheduler(layout: Layout, settings: ClusterSettings) -> list[str]:
    """The stock scheduler with its stock profile."""
    config = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": {
            "kubeconfig": str(layout.kubeconfig_of(SCHEDULER)),
            "qps": settings.client_qps,
            "burst": settings.client_qps,
        },
    }
    path = layout.folder / "scheduler.yaml"
    path.write_text(yaml.safe_dump(config))
    return [
        f"--config={path}",
        "--bind-address=127.0.0.1",
        f"--secure-port={layout.scheduler_port}",
        "--authorization-always-allow-paths=/healthz,/readyz,/livez,/metrics",
        f"--cert-dir={layout.pki}",
    ]


def kwok(layout: Layout, settings: ClusterSettings) -> list[str]:
    """The simulated kubelets of all nodes."""
    options = {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokConfiguration",
        "options": {
            "manageAllNodes": True,
            "cidr": "10.64.0.0/10",
            "nodeLeaseDurationSeconds": settings.lease_seconds,
            "podPlayStageParallelism": settings.kwok_parallelism,
            "nodePlayStageParallelism": settings.kwok_parallelism,
            "nodeLeaseParallelism": settings.kwok_parallelism,
            "podsOnNodeSyncParallelism": 4,
        },
    }
    path = layout.folder / "kwok.yaml"
    path.write_text(yaml.safe_dump(options))
    return [f"--kubeconfig={layout.kubeconfig_of(KWOK)}", f"--config={path}", f"--config={layout.stages}"]
