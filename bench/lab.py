"""One cluster in which the same burst is met by an empty cluster, by native preemption and by ParaSet.

How a run is made comparable: before every run the cluster is in the same state (full of fillers the operator made, or
empty of them), nothing has changed for some seconds, and the caches of cool-downs are gone, because the operator is
started anew to refill: cool-downs live in its memory. Measured is with the default policy, pacing included. In
`native` the very same operator has filled the cluster and was then stopped. All waits are from the watch event of the
creation to that of the binding.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import yaml

from bench.scenarios import FILLER_NAMESPACE, GPUS, SET, Scenario
from demo.kube import Api
from demo.measure import needed_evictions, percentile, yielded
from demo.observer import Observer
from demo.operator_process import OperatorProcess
from demo.state import ClusterState, Wait
from demo.workload import NAMESPACE, create_pods
from devcluster import LocalCluster

STILL_SECONDS = 3.0
AFTER_SECONDS = 2.0


class BenchmarkError(RuntimeError):
    """A run could not be prepared; the message says what was awaited."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes of the benchmark. Rates per second, times in seconds."""

    nodes: int
    ls: int
    exit_seconds: float
    per_second: float
    deadline: float


@dataclass(frozen=True, slots=True)
class Row:
    """One run of one system."""

    scenario: str
    system: str
    run: int
    nodes: int
    exit_s: float
    ls: int
    bound: int
    p50_s: float
    p90_s: float
    p99_s: float
    evicted: int
    evicted_gpus: int
    needed: int
    shrinks: int
    violations: int


class Lab:
    """Prepares and measures runs on a running cluster."""

    def __init__(
        self,
        cluster: LocalCluster,
        observer: Observer,
        operator: OperatorProcess,
        scenario: Scenario,
        settings: Settings,
        say: Callable[[str], None],
    ) -> None:
        self._cluster, self._observer, self._operator = cluster, observer, operator
        self._scenario, self._settings, self._say = scenario, settings, say

    def run(self, system: str, number: int) -> Row:
        """Prepare the cluster for the system, let the burst come, and take the figures."""
        prepare = {"empty": self._empty, "native": self._native, "paraset": self._paraset}
        started = time.monotonic()
        prepare[system]()
        self._wait_still()
        self._say(f"{self._scenario.name} {system} run {number}: prepared in {time.monotonic() - started:.0f} s")
        return self._measure(system, number)

    def clear(self) -> None:
        """No operator, no ParaSet, no LS pods, no fillers."""
        self._operator.stop()
        self._cluster.kubectl(
            "delete", "parasets.paraset.io", SET, "-n", FILLER_NAMESPACE, "--ignore-not-found", "--wait=false"
        )
        self._remove_pods(NAMESPACE, lambda state: not _ls_pods(state))
        self._remove_pods(FILLER_NAMESPACE, lambda state: not state.fillers())

    def _empty(self) -> None:
        self.clear()

    def _native(self) -> None:
        self._fill()
        self._operator.stop()

    def _paraset(self) -> None:
        self._fill()

    def _fill(self) -> None:
        """Full of fillers, with an operator that remembers no cool-down."""
        self._operator.stop()
        self._remove_pods(NAMESPACE, lambda state: not _ls_pods(state))
        wanted = self._settings.nodes * GPUS
        paraset = self._scenario.paraset(self._settings.nodes, self._settings.exit_seconds)
        self._cluster.apply(yaml.safe_dump(paraset))
        self._operator.start_ready()
        self._wait(300, f"{wanted} fillers to be bound", lambda state: _bound_fillers(state) >= wanted)

    def _measure(self, system: str, number: int) -> Row:
        burst = self._scenario.ls_pods(number, self._settings.ls)
        records = [pod.record() for pod in burst]
        needed = self._observer.read(lambda state: needed_evictions(state, records))
        broken = len(self._observer.violations)
        self._observer.forget()
        self._observer.submit(lambda api: create_pods(api, burst, self._settings.per_second)).result(120)
        keys = {pod.key for pod in records}
        self._observer.wait_for(lambda state: all(_is_bound(state, key) for key in keys), self._settings.deadline)
        time.sleep(AFTER_SECONDS)
        given = yielded(self._observer.since(0))
        waits = self._observer.read(lambda state: [state.wait_of(state.pods[key]) for key in keys])
        seconds = [_seconds(wait) for wait in waits]
        return Row(
            scenario=self._scenario.name,
            system=system,
            run=number,
            nodes=self._settings.nodes,
            exit_s=self._settings.exit_seconds,
            ls=len(burst),
            bound=sum(wait.bound is not None for wait in waits),
            p50_s=percentile(seconds, 0.5),
            p90_s=percentile(seconds, 0.9),
            p99_s=percentile(seconds, 0.99),
            evicted=given.evictions,
            evicted_gpus=given.gpus,
            needed=needed.fillers,
            shrinks=given.shrinks,
            violations=len(self._observer.violations) - broken,
        )

    def _remove_pods(self, namespace: str, gone: Callable[[ClusterState], bool]) -> None:
        """Force every pod of a namespace out at once: this is housekeeping between runs, not part of any."""
        path, now = f"/api/v1/namespaces/{namespace}/pods", {"gracePeriodSeconds": 0}

        async def remove(api: Api) -> None:
            await api.delete(path, **now)

        self._observer.submit(remove).result(120)
        self._wait(120, f"the pods of {namespace} to be gone", gone)

    def _wait(self, seconds: float, what: str, condition: Callable[[ClusterState], bool]) -> None:
        deadline = time.monotonic() + seconds
        while not self._observer.wait_for(condition, 1.0):
            if self._operator.pid:
                self._operator.check()
            self._cluster.check()
            if time.monotonic() > deadline:
                fillers = self._observer.read(_bound_fillers)
                raise BenchmarkError(f"waited {seconds:.0f} s in vain for {what}; {fillers} fillers are bound")

    def _wait_still(self) -> None:
        """Until no filler has changed for some seconds."""
        while time.monotonic() - self._observer.last_filler_change() < STILL_SECONDS:
            time.sleep(0.2)


def _seconds(wait: Wait) -> float:
    return inf if wait.bound is None else wait.bound - wait.created


def _is_bound(state: ClusterState, key: tuple[str, str]) -> bool:
    return key in state.pods and bool(state.pods[key].node)


def _ls_pods(state: ClusterState) -> list[Any]:
    return [pod for pod in state.pods.values() if pod.namespace == NAMESPACE]


def _bound_fillers(state: ClusterState) -> int:
    return sum(1 for pod in state.fillers() if pod.node and not pod.terminating)
