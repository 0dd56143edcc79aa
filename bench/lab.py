"""One cluster in which the same LS pods meet every system.

How a run is made comparable: before every run the cluster is in the same state (full of fillers the operator made, but
for headroom, or empty of them), fillers have saved their work at random times, nothing has changed for some seconds,
and cool-downs are gone, because the operator is started anew to refill: they live in its memory. Measured is with the
default pacing. In `native` the very same operator has filled the cluster and was then stopped. Times, evictions and
work lost are those that an observer of the API server sees, who takes no part; only `urgent_p99_s` is the operator's
own word.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.arrivals import HUMBLE_PRIORITY_CLASS, Arrival, create_all, visit_all
from bench.event_to_delete import Tail, seconds_to_delete
from bench.figures import Row, Seen, row_of
from bench.saved_work import INTERVAL, draw, horizon, tell
from bench.scenarios import CORES, FILLER_NAMESPACE, GPUS, SET, Scenario, paraset
from bench.systems import POLICY, System, kept_copies
from demo.kube import Api
from demo.measure import needed_evictions
from demo.objects import CPU, Pod
from demo.observer import Observer
from demo.operator_process import OperatorProcess
from demo.state import Change, ClusterState, Wait
from demo.workload import NAMESPACE
from devcluster import LocalCluster

STILL_SECONDS = 3.0
AFTER_SECONDS = 2.0
# A machine at rest uses fewer cores; where others work on it, it is waited for no longer than so many seconds.
AT_REST_CORES, MOST_AT_REST = 0.4, 5.0
FILL_SECONDS = 300.0
MOST_OF = 0.9


class BenchmarkError(RuntimeError):
    """A run could not be prepared; the message says what was awaited."""


class SystemMissingError(RuntimeError):
    """The operator that is measured does not know what a system asks for."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes of the benchmark; seconds."""

    nodes: int
    ls: int
    exit_seconds: float
    seed: int
    deadline: float
    audits: bool = False


class Lab:
    """Prepares and measures runs on a running cluster."""

    def __init__(
        self,
        cluster: LocalCluster,
        observer: Observer,
        operator: OperatorProcess,
        settings: Settings,
        say: Callable[[str], None],
    ) -> None:
        self._cluster, self._observer, self._operator = cluster, observer, operator
        self._settings, self._say = settings, say
        cluster.apply(yaml.safe_dump(HUMBLE_PRIORITY_CLASS))

    def run(self, scenario: Scenario, system: System, number: int) -> Row:
        """Prepare the cluster for the system, let the LS pods come, and take the figures."""
        arrivals = scenario.arrivals(self._settings.ls, self._settings.seed * 1000 + number)
        started = time.monotonic()
        self._prepare(system, arrivals)
        if system.learns:
            self._come(arrivals, self._settings.deadline)
            self._prepare(system, arrivals, keeps_policy=True)
        self._save_work(system, number)
        self._wait_still()
        self._wait_for_rest()
        self._say(f"{scenario.name} {system.name} run {number}: prepared in {time.monotonic() - started:.0f} s")
        return self._measure(scenario, system, number, arrivals)

    def _prepare(self, system: System, arrivals: Sequence[Arrival], *, keeps_policy: bool = False) -> None:
        """Bring the cluster into the state a run begins with; what was learned is in the status of the policy."""
        self._operator.stop()
        self._remove_pods(NAMESPACE, lambda state: not _ls_pods(state))
        if not keeps_policy:
            self._set_policy(system.fill_policy(arrivals, self._settings.exit_seconds))
        if not system.has_fillers:
            self._remove_fillers()
            return
        self._cluster.apply(yaml.safe_dump(paraset(self._settings.nodes, self._settings.exit_seconds)))
        self._operator.start_ready()
        self._wait_full(system, arrivals)
        if not system.acts:
            self._wait_still()
            self._operator.stop()

    def _set_policy(self, policy: dict[str, Any] | None) -> None:
        self._cluster.kubectl("delete", "fillpolicies.paraset.io", "--all")
        if policy is None:
            return
        try:
            self._cluster.apply(yaml.safe_dump(policy))
        except Exception as error:
            raise SystemMissingError(f"FillPolicy {POLICY} is not accepted: {error}") from error

    def _remove_fillers(self) -> None:
        self._cluster.kubectl(
            "delete", "parasets.paraset.io", SET, "-n", FILLER_NAMESPACE, "--ignore-not-found", "--wait=false"
        )
        self._remove_pods(FILLER_NAMESPACE, lambda state: not state.fillers())

    def _wait_full(self, system: System, arrivals: Sequence[Arrival]) -> None:
        """Until fillers hold all that headroom leaves; how much it is where it is learned, the operator alone knows."""
        gpus, cores = self._settings.nodes * GPUS, self._settings.nodes * CORES
        if system.learns:
            self._wait(FILL_SECONDS, f"fillers on some of {gpus} GPUs", lambda state: _bound_fillers(state) > 0)
            self._wait_still()
        elif kept := kept_copies(arrivals, self._settings.exit_seconds) if system.keeps else {}:
            gpus -= sum(size.gpus * count for size, count in kept.items())
            cores -= sum(size.cores * count for size, count in kept.items())
            # What is kept free need not leave room for a filler on every GPU that is left.
            least = int(gpus * MOST_OF)
            self._wait(FILL_SECONDS, f"{least} to {gpus} fillers", lambda state: least <= _bound_fillers(state) <= gpus)
            self._wait(FILL_SECONDS, f"fillers on at most {cores} cores", lambda state: _held_cores(state) <= cores)
        else:
            self._wait(FILL_SECONDS, f"{gpus} fillers to be bound", lambda state: _bound_fillers(state) == gpus)
            cores -= system.cores_kept(cores)
            self._wait(FILL_SECONDS, f"fillers on {cores} cores", lambda state: _held_cores(state) == cores)

    def _save_work(self, system: System, number: int) -> None:
        """Let all fillers save their work, and be old enough to lose any where that is compared."""
        here = self._observer.read(lambda state: [pod for pod in state.fillers() if pod.node and not pod.terminating])
        until, started = horizon(len(here)), self._observer.read(lambda state: dict(state.bound_at))
        if system.is_compared_by_loss:
            until = max([until, *(started[pod.uid] + INTERVAL for pod in here)])
        self._saved = draw(here, until, self._settings.seed * 1000 + number)
        self._observer.submit(lambda api: tell(api, self._saved)).result(FILL_SECONDS)
        if here:
            time.sleep(max(0.0, until - time.monotonic()))

    def _saved_at(self, state: ClusterState) -> dict[str, float]:
        """Return when each filler has saved its work by uid; one that is new has not saved any."""
        before = {change.old.uid: change.old for change in self._observer.since(0) if isinstance(change.old, Pod)}
        pods = {pod.uid: pod for pod in state.fillers()} | before
        drawn = {uid: self._saved[pod.key] for uid, pod in pods.items() if pod.key in self._saved}
        return {uid: max(at, drawn.get(uid, at)) for uid, at in state.bound_at.items()}

    def _measure(self, scenario: Scenario, system: System, number: int, arrivals: Sequence[Arrival]) -> Row:
        records = [each.pod().record() for each in arrivals]
        needed = self._observer.read(lambda state: needed_evictions(state, records))
        idle_gpus = self._settings.nodes * GPUS - self._observer.read(_bound_fillers)
        broken = len(self._observer.violations)
        self._observer.forget()
        tails = [Tail(path) for path in (self._cluster.audit_log, self._operator.log)] if self._settings.audits else []
        self._come(arrivals, self._settings.deadline, kill=system.is_killed)
        time.sleep(AFTER_SECONDS)
        urgent = self._operator.quantile("paraset_urgent_seconds", 0.99) if self._operator.pid else None
        keys = [pod.key for pod in records]
        waits = self._observer.read(lambda state: _waits(state, self._observer.since(0), keys))
        seen = Seen(
            waits=waits,
            changes=self._observer.since(0),
            saved_at=self._observer.read(self._saved_at),
            needed=needed,
            free_gpus=idle_gpus if system.has_fillers else 0,
            urgent_p99_s=urgent,
            violations=len(self._observer.violations) - broken,
            to_delete=seconds_to_delete(*(tail.lines() for tail in tails)) if tails else (),
        )
        return row_of(scenario.name, system.name, number, self._settings.nodes, self._settings.exit_seconds, seen)

    def _come(self, arrivals: Sequence[Arrival], deadline: float, *, kill: bool = False) -> None:
        """Let the LS pods come, and wait until all are bound or the time is over."""
        if any(each.life for each in arrivals):
            self._visit(arrivals, deadline)
            return
        coming = self._observer.submit(lambda api: create_all(api, arrivals))
        if kill:
            self._operator.kill()
        coming.result(60 + arrivals[-1].after)
        keys = {each.pod().record().key for each in arrivals}
        self._observer.wait_for(lambda state: all(_is_bound(state, key) for key in keys), deadline)

    def _visit(self, arrivals: Sequence[Arrival], deadline: float) -> None:
        """Let the LS pods come and go until the last one has been bound or the time is over."""

        def is_bound(key: tuple[str, str]) -> bool:
            return self._observer.read(lambda state: _is_bound(state, key))

        visits = self._observer.submit(lambda api: visit_all(api, arrivals, is_bound))
        try:
            visits.result(arrivals[-1].after + deadline)
        except TimeoutError:
            visits.cancel()

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

    @staticmethod
    def _wait_for_rest() -> None:
        """Until the machine has come to rest: kwok is seconds behind with what fillers have said of their work."""
        deadline = time.monotonic() + MOST_AT_REST
        while time.monotonic() < deadline and _cores_in_use(1.0) > AT_REST_CORES:
            pass


def _cores_in_use(seconds: float) -> float:
    """Return how many cores the whole machine uses, over so many seconds."""
    before = _busy_seconds()
    time.sleep(seconds)
    return (_busy_seconds() - before) / seconds


def _busy_seconds() -> float:
    user, nice, system, _idle, _wait, *interrupts = Path("/proc/stat").read_text().split()[1:9]
    return sum(map(int, (user, nice, system, *interrupts))) / os.sysconf("SC_CLK_TCK")


def _waits(state: ClusterState, changes: Sequence[Change], keys: Sequence[tuple[str, str]]) -> list[Wait]:
    """Return the waits of LS pods, those included that are gone."""
    seen = {change.new.key: change.new for change in changes if isinstance(change.new, Pod)}
    return [state.wait_of(seen[key]) for key in keys]


def _is_bound(state: ClusterState, key: tuple[str, str]) -> bool:
    return key in state.pods and bool(state.pods[key].node)


def _ls_pods(state: ClusterState) -> list[Any]:
    return [pod for pod in state.pods.values() if pod.namespace == NAMESPACE]


def _bound_fillers(state: ClusterState) -> int:
    return sum(1 for pod in state.fillers() if pod.node and not pod.terminating)


def _held_cores(state: ClusterState) -> int:
    held = (pod.requests.get(CPU, 0) for pod in state.fillers() if pod.node and not pod.terminating)
    return sum(held) // 1000
