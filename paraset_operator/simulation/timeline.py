"""A cluster in motion: LS pods come and go, fillers give way and come back, by discrete events.

What takes no time here: binding, starting, resizing, the API. What takes time: victims exit after a while, the operator
gathers changes for a moment before it plans, reclaimed nodes cool down.
"""

from dataclasses import dataclass, field, replace

from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.lost_work import seconds_lost
from paraset_operator.planning.room import smallest_of
from paraset_operator.simulation.agenda import Agenda
from paraset_operator.simulation.deployment import Deployment
from paraset_operator.simulation.fleet import GPU
from paraset_operator.simulation.kube_scheduler import KubeScheduler
from paraset_operator.simulation.ledger import Ledger
from paraset_operator.simulation.operator import Operator
from paraset_operator.simulation.policies import FillerPolicy, Kind
from paraset_operator.simulation.schedulers import Scheduler
from paraset_operator.simulation.trace_tables import WHOLE_GPU, Task
from paraset_operator.simulation.world import World

# Seconds in which the operator gathers changes before it plans anew.
_GATHER = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Who holds how many GPUs from a moment on, and how many waiting LS pods ask for."""

    time: float
    ls: float
    fillers: float
    leaving: float
    waiting: float
    cores_ls: float
    cores_fillers: float


@dataclass
class Timeline:
    """One world, one policy; `exit_seconds` is how long a filler takes to go once it was told to."""

    world: World
    policy: FillerPolicy
    scheduler: Scheduler
    ledger: Ledger
    exit_seconds: float
    samples: list[Sample] = field(default_factory=list)
    agenda: Agenda = field(init=False)

    def __post_init__(self) -> None:
        self.agenda = Agenda(self.world.now)
        self._owners: dict[str, ParaSetView] = {each.uid: each for each in self.policy.sets}
        self._kube = KubeScheduler(self.world, self.scheduler, self.ledger, self._preempt, self._smallest, self._bound)
        self._lives: dict[str, float] = {}
        self._sums = _Sums()
        for pod in self.world.pods():
            self._sums.saw(None, pod)
        self.world.listen(self._sums.saw)
        is_operator = self.policy.kind is Kind.OPERATOR
        self._operator = Operator(self.world, self.policy, self.ledger, self._end) if is_operator else None
        is_deployment = self.policy.kind is Kind.DEPLOYMENT
        self.deployment = Deployment(self.world, self.policy.sets[0], self.scheduler) if is_deployment else None
        self._planned_for: float | None = None
        self._is_urgent = self._is_scaling = False

    def arrival(self, when: float, name: str, task: Task, life: float | None) -> None:
        """Let an LS pod be created at a time, and end so long after it was bound."""
        self.agenda.at(when, lambda: self._arrive(name, task, life))

    def run(self, until: float) -> None:
        """Let things happen up to a time."""
        self._change()
        while (due := self.agenda.next_time()) is not None and due <= until:
            self.world.now = due
            self.agenda.step()
            self._sample()
        self.world.now = until
        self._sample()

    def unbound(self) -> int:
        """Return how many LS pods wait."""
        return len(self._kube.queue)

    def _arrive(self, name: str, task: Task, life: float | None) -> None:
        pod = self.world.arrive(name, task)
        if life is not None:
            self._lives[pod.uid] = life
        if not self._kube.enqueue(pod):
            self._kube.count_need(pod)
            if self._operator is None:
                self._kube.preempt(pod)
            self._hurry()
        self._change()

    def _bound(self, pod: Pod) -> None:
        life = self._lives.pop(pod.uid, None)
        if life is not None:
            self.agenda.after(life, lambda: self._gone(pod))

    def _gone(self, pod: Pod) -> None:
        """Take out a pod that has ended, and let others have its room."""
        last = self.world.get(pod.key)
        if last is None or last.uid != pod.uid:
            return
        self.world.remove(last)
        self._kube.retry(preempts=self._operator is None)
        if any(not each.nominated for each in self._kube.waiting()):
            self._hurry()
        self._change()

    def _change(self) -> None:
        """Let whoever fills look at the cluster anew: a Deployment at the end of this moment, the operator later."""
        if self.deployment is not None and not self._is_scaling:
            self._is_scaling = True
            self.agenda.at(self.world.now, self._scale_up)
        if self._operator is not None:
            self._plan_at(self.world.now + _GATHER)

    def _scale_up(self) -> None:
        self._is_scaling = False
        if self.deployment is not None:
            self.deployment.scale_up(self._kube.open_nodes())

    def _plan_at(self, when: float) -> None:
        if self._planned_for is None or when < self._planned_for:
            self._planned_for = when
            self.agenda.at(when, lambda: self._turn(when))

    def _turn(self, when: float) -> None:
        if self._operator is None or self._planned_for != when:
            return
        self._planned_for = None
        made = self._operator.turn()
        self._let_in()
        if made.actions or made.releases:
            self._plan_at(self.world.now + _GATHER)
        elif made.next_check is not None:
            self._plan_at(made.next_check + _GATHER)

    def _hurry(self) -> None:
        """Let the operator make room, once for all LS pods of this moment."""
        if self._operator is not None and not self._is_urgent:
            self._is_urgent = True
            self.agenda.at(self.world.now, self._yield)

    def _yield(self) -> None:
        self._is_urgent = False
        if self._operator is not None:
            self._operator.urgent()
            # Who was not given a node by then is kube-scheduler's to preempt for, as without an operator.
            self._kube.retry(preempts=True)

    def _let_in(self) -> None:
        """Bind LS pods for whom room was made without anybody having to leave."""
        if self._kube.queue:
            self._kube.retry(preempts=False)

    def _smallest(self, pod: Pod) -> Resources:
        owner = self._owners.get(pod.owner)
        shape = owner.shape(pod.shape) if owner and self.policy.is_elastic else None
        return smallest_of(pod, shape) if shape else pod.held

    def _preempt(self, pod: Pod) -> None:
        """Let the scheduler drive out a filler."""
        self.ledger.evicted(pod, seconds_lost(pod, self._owners, self.world.now))
        self.world.put(replace(pod, is_terminating=True, is_preempted=True))
        if self.deployment is not None:
            self.deployment.lost()
        self._end(pod)

    def _end(self, pod: Pod) -> None:
        seconds = self.exit_seconds if pod.node else 0.0
        self.agenda.after(seconds, lambda: self._gone(pod))

    def _sample(self) -> None:
        waiting = sum(pod.requests.get(GPU, 0) for pod in self._kube.waiting()) / WHOLE_GPU
        sample = self._sums.sample(self.world.now, waiting)
        if self.samples and self.samples[-1].time == sample.time:
            self.samples[-1] = sample
        else:
            self.samples.append(sample)


class _Sums:
    """What LS pods, fillers and leaving fillers hold, kept up to date pod by pod."""

    def __init__(self) -> None:
        self._gpu = {"ls": 0, "fillers": 0, "leaving": 0}
        self._cpu = {"ls": 0, "fillers": 0, "leaving": 0}

    def saw(self, before: Pod | None, after: Pod | None) -> None:
        """Take in a change of a pod."""
        for pod, sign in ((before, -1), (after, 1)):
            if pod is not None and pod.node:
                who = ("leaving" if pod.is_terminating else "fillers") if pod.is_filler else "ls"
                self._gpu[who] += sign * pod.held.get(GPU, 0)
                self._cpu[who] += sign * pod.held.get("cpu", 0)

    def sample(self, now: float, waiting: float) -> Sample:
        """Return the sums at a moment."""
        gpu = {who: amount / WHOLE_GPU for who, amount in self._gpu.items()}
        return Sample(
            now, gpu["ls"], gpu["fillers"], gpu["leaving"], waiting, self._cpu["ls"] / 1000, self._cpu["fillers"] / 1000
        )
