"""What a caller may choose about a local cluster: frozen values, no I/O, so that a cluster can be described before it
is started.
"""

from dataclasses import dataclass, field

GPU_RESOURCE = "nvidia.com/gpu"
GPU_MODEL_LABEL = "node.paraset.io/gpu-model"
#: What NVIDIA's feature discovery puts on nodes with GPUs.
GPU_PRESENT_LABEL = "nvidia.com/gpu.present"


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One machine, simulated or real. CPU in thousandths of a core, memory in MiB, whole GPUs; `model` is the GPU
    model, "" for none.
    """

    name: str
    cpu_milli: int = 16_000
    memory_mib: int = 65_536
    gpus: int = 0
    model: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    pods: int = 110


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """Everything that distinguishes one local cluster from another."""

    nodes: list[NodeSpec] = field(default_factory=list)
    #: Real kubelets with containerd instead of simulated ones; only inside an isolation (devcluster/realnodes).
    real: bool = False
    #: Length of the node leases, in seconds. They are renewed four times in that time, so a long one keeps an idle
    #: cluster quiet.
    lease_seconds: int = 3600
    #: How long a pod takes to exit when it says nothing itself, in seconds; never longer than its own grace period.
    exit_seconds: float = 1.0
    #: How long a simulated kubelet takes to carry out an in-place resize, in seconds.
    resize_seconds: float = 0.2
    #: Write `cluster.audit_log` (every request, level Metadata).
    audit: bool = True
    #: Requests per second that each of the controllers, the scheduler and kwok may send.
    client_qps: int = 2000
    #: How many pods and nodes kwok works on at the same time.
    kwok_parallelism: int = 32
    #: More flags for the API server, e.g. `("--max-requests-inflight=0",)`.
    apiserver_flags: tuple[str, ...] = ()
    #: Seconds until the cluster has to be ready.
    start_timeout: float = 90.0
