"""What the tests that need a Prometheus look at."""

from dataclasses import dataclass

from demo.observer import Observer
from demo.operator_process import OperatorProcess
from demo.prometheus import Prometheus
from demo.story import Record


@dataclass(frozen=True, slots=True)
class Monitored:
    """What there is to look at after the burst: the cluster as the API server told it, and as Prometheus has it."""

    prometheus: Prometheus
    observer: Observer
    operator: OperatorProcess
    record: Record
