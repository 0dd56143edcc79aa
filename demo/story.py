"""The story `make demo` tells: what happens in each phase, what has to come of it, and by when.

Invariants: a phase ends by a condition seen through the API server, never by waiting blindly; a phase that does not
come about is noted and the story goes on, so that one failure does not hide the next; every figure is taken from the
observer or the audit log.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from demo.audit import AuditLog, Request
from demo.fragments import Fragments, fragments
from demo.measure import (
    Allocation,
    Needed,
    Yielded,
    allocation,
    filled,
    gpu_share,
    moved,
    needed_evictions,
    seconds_to_bind,
    usable,
    yielded,
)
from demo.objects import CPU, GPU, Amounts, Pod
from demo.observer import Observer
from demo.operator_process import OperatorProcess
from demo.progress import Phase, PhaseFailedError, Progress
from demo.state import ClusterState, Wait
from demo.workload import LsPod, create_pods, delete_pods, draw_base_load, draw_burst
from devcluster import LocalCluster

LS_SHARE = 0.8
FILLED_SHARE = 0.9
BURST_GPU_PODS, BURST_CPU_PODS, BURST_PER_SECOND = 8, 6, 5.0
SETTLED_SECONDS = 3.0
STILL_SECONDS = 10.0
QUIET_SECONDS = 60.0


def phases() -> list[Phase]:
    """All phases in the order in which they are told."""
    return [
        Phase("load", "LS pods arrive until 80 % of the GPUs are asked for"),
        Phase("fill", "the operator starts and fillers take the gaps"),
        Phase("restart", "the operator is killed with SIGKILL and started again: nothing moves"),
        Phase("quiet", "a quiet minute: nothing changes, so nothing is written"),
        Phase("burst", "a burst of LS pods arrives and every one starts"),
        Phase("leave", "the burst leaves"),
        Phase("cordon", "a node is cordoned and its fillers leave"),
        Phase("refill", "the cool-down ends and the gaps refill"),
    ]


@dataclass
class Record:
    """What the phases found out; None or empty for what was not reached."""

    before: Allocation | None = None
    after: Allocation | None = None
    usable: Amounts = field(default_factory=dict)
    filled: Amounts = field(default_factory=dict)
    fragments: Fragments | None = None
    placements: int = 0
    fill_writes: list[Request] = field(default_factory=list)
    quiet_writes: list[Request] | None = None
    quiet_leases: int = 0
    burst: list[LsPod] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    needed: Needed | None = None
    yielded: Yielded | None = None
    refilled_share: float = 0.0


class Story:
    """Tells the phases one after the other and keeps the record."""

    def __init__(
        self,
        cluster: LocalCluster,
        observer: Observer,
        operator: OperatorProcess,
        audit: AuditLog,
        progress: Progress,
        seed: int,
    ) -> None:
        self._cluster, self._observer, self._operator = cluster, observer, operator
        self._audit, self._progress, self._seed = audit, progress, seed
        self.record = Record()

    def tell(self) -> None:
        """Tell all phases; only an operator or a control plane that has died ends the story early."""
        told: dict[str, Callable[[], str]] = {
            "load": self._load,
            "fill": self._fill,
            "restart": self._restart,
            "quiet": self._quiet,
            "burst": self._burst,
            "leave": self._leave,
            "cordon": self._cordon,
            "refill": self._refill,
        }
        for phase in self._progress.phases:
            try:
                self._progress.run(phase.name, told[phase.name])
            except PhaseFailedError as error:
                self._progress.say(f"FAILED: {error}")
                self._operator.check()
            self._cluster.check()

    def _load(self) -> str:
        pods = draw_base_load(self._cluster.settings.nodes, LS_SHARE, self._seed)
        self._observer.submit(lambda api: create_pods(api, pods, 50)).result(60)
        keys = {pod.record().key for pod in pods}
        self._wait(
            20,
            "every LS pod to be bound or found not to fit",
            lambda state: keys <= state.pods.keys() and not _undecided(state),
        )
        unplaced = {pod.name for pod in self._observer.read(lambda state: list(state.waiting.values()))}
        self._observer.submit(lambda api: delete_pods(api, [pod for pod in pods if pod.name in unplaced])).result(60)
        self._wait(10, "the LS pods that do not fit to be gone", lambda state: not state.waiting)
        before = self.record.before = self._observer.read(allocation)
        asked = sum(pod.gpus for pod in pods)
        return (
            f"{len(pods) - len(unplaced)} LS pods hold {before.share(GPU, with_fillers=False):.0%} of the GPUs and "
            f"{before.share(CPU, with_fillers=False):.0%} of the cores "
            f"({asked} GPUs asked for, {len(unplaced)} pods fit nowhere)"
        )

    def _fill(self) -> str:
        started = time.time()
        self._operator.start_ready()
        self._wait(45, f"{FILLED_SHARE:.0%} of the usable GPUs to be filled", _is_filled)
        self._settle(60)
        record = self.record
        record.after, record.usable, record.filled = self._observer.read(
            lambda state: (allocation(state), usable(state), filled(state))
        )
        record.fragments = self._observer.read(fragments)
        record.placements = self._observer.read(lambda state: sum(1 for pod in state.fillers() if pod.node))
        record.fill_writes = self._audit.writes(started)
        return (
            f"{record.placements} fillers on {record.filled[GPU]} of {record.usable[GPU]} usable GPUs, "
            f"cores in use {record.after.share(CPU, with_fillers=True):.0%}"
        )

    def _restart(self) -> str:
        mark = self._observer.mark()
        self._operator.kill()
        self._progress.say("killed")
        began = time.monotonic()
        self._operator.start_ready()
        ready = time.monotonic()
        self._progress.say(f"ready again after {ready - began:.1f} s")
        self._still(mark, until=ready + STILL_SECONDS)
        return f"ready after {ready - began:.1f} s; no filler moved until {STILL_SECONDS:.0f} s later"

    def _still(self, mark: int, until: float) -> None:
        while True:
            if names := moved(self._observer.since(mark)):
                raise PhaseFailedError(
                    f"expected nothing to move, but {len(names)} changes were seen: {', '.join(names[:5])}"
                )
            if time.monotonic() > until:
                return
            time.sleep(0.2)

    def _quiet(self) -> str:
        """The minute begins with the last write, so that the seconds the restart was watched count."""
        began = max(self._audit.last_write() + 0.001, time.time() - STILL_SECONDS)
        while (left := began + QUIET_SECONDS - time.time()) > 0:
            self._operator.check()
            self._progress.say(f"{left:.0f} s to go, {len(self._audit.writes(began))} writes")
            time.sleep(min(left, 10.0))
        writes = self.record.quiet_writes = self._audit.writes(began, began + QUIET_SECONDS)
        leases = [each for each in self._audit.requests if each.is_lease and each.writes and each.at >= began]
        self.record.quiet_leases = len(leases)
        if writes:
            first = ", ".join(
                f"{each.verb} {each.resource}/{each.subresource} {each.namespace}/{each.name}" for each in writes[:5]
            )
            raise PhaseFailedError(f"expected no write in a quiet minute, but there were {len(writes)}: {first}")
        return f"0 writes in {QUIET_SECONDS:.0f} s, beside {len(leases)} renewals of the leader's lease"

    def _burst(self) -> str:
        burst = self._observer.read(lambda state: draw_burst(state, BURST_GPU_PODS, BURST_CPU_PODS, self._seed))
        records = [pod.record() for pod in burst]
        self.record.burst = burst
        self.record.needed = self._observer.read(lambda state: needed_evictions(state, records))
        mark = self._observer.mark()
        self._observer.submit(lambda api: create_pods(api, burst, BURST_PER_SECOND)).result(60)
        names = {pod.key for pod in records}
        try:
            self._wait(
                60, "every LS pod of the burst to be bound", lambda state: all(_bound(state, key) for key in names)
            )
            self._settle(20)
        finally:
            self.record.yielded = yielded(self._observer.since(mark))
            self.record.waits = self._observer.read(
                lambda state: [state.wait_of(state.pods[key]) for key in names if key in state.pods]
            )
        slowest, given = max(seconds_to_bind(self.record.waits)), self.record.yielded
        return (
            f"{len(burst)} LS pods bound, the slowest after {slowest:.1f} s; "
            f"{given.shrinks} shrinks, {given.evictions} evictions ({self.record.needed.fillers} needed)"
        )

    def _leave(self) -> str:
        names = {pod.record().key for pod in self.record.burst}
        self._observer.submit(lambda api: delete_pods(api, self.record.burst)).result(60)
        self._wait(20, "the LS pods of the burst to be gone", lambda state: not names & state.pods.keys())
        return f"{len(names)} LS pods gone; {self._observer.read(gpu_share):.0%} of the usable GPUs filled"

    def _cordon(self) -> str:
        node, fillers, others = self._observer.read(_node_with_most_fillers)
        self._progress.say(f"kubectl cordon {node}: {len(fillers)} fillers, {len(others)} LS pods there")
        self._cluster.kubectl("cordon", node)
        self._wait(30, f"the fillers to leave {node}", lambda state: not _pods_on(state, node, fillers=True))
        stayed = self._observer.read(lambda state: {pod.uid for pod in _pods_on(state, node, fillers=False)})
        if not others <= stayed:
            raise PhaseFailedError(f"{len(others - stayed)} LS pods left {node} as well")
        return f"{len(fillers)} fillers left {node}, its {len(others)} LS pods stay"

    def _refill(self) -> str:
        self._wait(110, f"{FILLED_SHARE:.0%} of the usable GPUs to be filled again", _is_filled)
        share = self.record.refilled_share = self._observer.read(gpu_share)
        return f"{share:.0%} of the usable GPUs are filled again"

    def _wait(self, seconds: float, what: str, condition: Callable[[ClusterState], bool]) -> None:
        deadline = time.monotonic() + seconds
        while not self._observer.wait_for(condition, min(1.0, max(0.0, deadline - time.monotonic()))):
            if self._operator.pid:
                self._operator.check()
            words = self._observer.read(_words)
            self._progress.note(words)
            if time.monotonic() >= deadline:
                raise PhaseFailedError(f"waited {seconds:.0f} s in vain for {what}; {words}")

    def _settle(self, seconds: float) -> None:
        """Wait until no filler has changed and the operator has written nothing for some seconds, though it has looked.

        It looks the less often, the longer a plan takes: on a busy machine it is quiet for seconds between two steps.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            unchanged = time.monotonic() - self._observer.last_filler_change()
            unwritten = time.time() - self._audit.last_write()
            if min(unchanged, unwritten) >= SETTLED_SECONDS and self._operator.has_planned_within(unchanged):
                return
            self._progress.note(f"waiting until nothing moves; {self._observer.read(_words)}")
            time.sleep(0.2)
        self._progress.say(f"still moving after {seconds:.0f} s")


def _undecided(state: ClusterState) -> list[Pod]:
    return [pod for pod in state.waiting.values() if not pod.unschedulable]


def _is_filled(state: ClusterState) -> bool:
    return gpu_share(state) >= FILLED_SHARE and all(pod.node for pod in state.fillers())


def _bound(state: ClusterState, key: tuple[str, str]) -> bool:
    return key in state.pods and bool(state.pods[key].node)


def _pods_on(state: ClusterState, node: str, *, fillers: bool) -> list[Pod]:
    return [pod for pod in state.on_node[node].values() if pod.is_filler == fillers]


def _node_with_most_fillers(state: ClusterState) -> tuple[str, set[str], set[str]]:
    """Its name, the uids of its fillers and those of its other pods."""
    name = max(sorted(state.nodes), key=lambda each: len(_pods_on(state, each, fillers=True)))
    return (
        name,
        {pod.uid for pod in _pods_on(state, name, fillers=True)},
        {pod.uid for pod in _pods_on(state, name, fillers=False)},
    )


def _words(state: ClusterState) -> str:
    waiting = [
        f"{pod.name} ({pod.requests.get(GPU, 0)} GPUs, {pod.requests.get(CPU, 0)}m)" for pod in state.waiting.values()
    ]
    few = ", ".join(waiting[:5]) or "none"
    return f"{gpu_share(state):.0%} of the usable GPUs are filled, {len(waiting)} LS pods wait: {few}"
