"""What the yield benchmark runs: identical nodes, one ParaSet that fills them, and LS pods that find no room.

`gpu`: fillers hold every GPU; each LS pod asks for one GPU and 8 cores, so that one filler has to leave for it.
`cpu`: fillers hold every core and can shrink; each LS pod asks for 4 cores and no GPU, so that shrinking is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from demo.install import exit_after
from demo.objects import GPU
from demo.workload import LsPod
from devcluster import NodeSpec

FILLER_NAMESPACE, SET = "tenant", "filler"
GPUS, CORES, MEMORY_GIB = 8, 96, 768
EVEN_SHARE = CORES // GPUS


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of demand. `least_cores` is how far a filler can shrink from its even share of the node."""

    name: str
    ls_gpus: int
    ls_cores: int
    least_cores: int

    def nodes(self, count: int) -> list[NodeSpec]:
        return [NodeSpec(f"node-{number:04d}", CORES * 1000, MEMORY_GIB * 1024, GPUS, "G2") for number in range(count)]

    def ls_pods(self, run: int, count: int) -> list[LsPod]:
        names = (f"ls-{run}-{number:04d}" for number in range(count))
        return [LsPod(name, self.ls_gpus, self.ls_cores * 1000, 16 * 1024, 0.0) for name in names]

    def paraset(self, nodes: int, exit_seconds: float) -> dict[str, Any]:
        """One filler per GPU; each takes `exit_seconds` to exit, which is also its grace period."""
        elastic = {
            "cpu": {"min": str(self.least_cores), "max": str(EVEN_SHARE)},
            "memory": {"min": "8Gi", "max": "64Gi"},
        }
        manifest: dict[str, Any] = {
            "apiVersion": "paraset.io/v1alpha1",
            "kind": "ParaSet",
            "metadata": {"name": SET, "namespace": FILLER_NAMESPACE},
            "spec": {
                "replicas": nodes * GPUS,
                "shapes": [{"name": "gpu", "fixed": {GPU: 1}, "elastic": elastic, "value": 10}],
                "yield": {"gracePeriodSeconds": max(1, ceil(exit_seconds))},
                "template": {"spec": {"containers": [{"name": "worker", "image": "worker:1"}]}},
            },
        }
        exit_after(manifest, exit_seconds)
        return manifest


SCENARIOS = {
    "gpu": Scenario("gpu", ls_gpus=1, ls_cores=8, least_cores=4),
    "cpu": Scenario("cpu", ls_gpus=0, ls_cores=4, least_cores=2),
}
