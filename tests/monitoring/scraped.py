"""What the tests that need a Prometheus look at."""

from dataclasses import dataclass

from demo.observer import Observer
from demo.operator_process import OperatorProcess
from demo.prometheus import Prometheus
from demo.state import Wait
from devcluster import LocalCluster


@dataclass(frozen=True, slots=True)
class Monitored:
    """What there is to look at after the burst: the cluster as the API server told it, and as Prometheus has it."""

    cluster: LocalCluster
    prometheus: Prometheus
    observer: Observer
    operator: OperatorProcess
    waits: list[Wait]
