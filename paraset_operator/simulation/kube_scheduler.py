"""The queue of LS pods: bound where they fit by the chosen scheduler, as kube-scheduler goes about it.

- A pod nominated to a node holds its room there on paper, against every other pod of its priority.
- A pod that fits nowhere is tried again whenever room comes free. If nothing is on its way to it then, it preempts:
  always under a policy without the operator, and under the operator where that has left it without room.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources
from paraset_operator.simulation.fleet import Flags
from paraset_operator.simulation.ledger import Ledger
from paraset_operator.simulation.preemption import bay_of, by_importance, by_size, victims_on
from paraset_operator.simulation.schedulers import Scheduler
from paraset_operator.simulation.world import World


@dataclass
class KubeScheduler:
    """Binds LS pods; `evict` makes a filler terminate, `smallest` says what one can shrink to."""

    world: World
    scheduler: Scheduler
    ledger: Ledger
    evict: Callable[[Pod], None]
    smallest: Callable[[Pod], Resources]
    on_bound: Callable[[Pod], None] = lambda _pod: None
    queue: list[str] = field(default_factory=list)
    _counted: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        # Of nodes that are alike kube-scheduler takes any, so that a burst is spread over them.
        self._chance = np.random.default_rng((self.scheduler.seed, 2))

    def enqueue(self, pod: Pod) -> bool:
        """Take in a new LS pod; say whether it was bound at once."""
        self.queue.append(pod.key)
        return self._try(pod)

    def retry(self, *, preempts: bool) -> None:
        """Try all waiting pods again, the oldest first; with `preempts` make room for those that still fit nowhere.

        A nominated pod preempts in any case: whoever nominated it has left it without room if nothing is on its way.
        """
        for key in [*self.queue]:
            pod = self.world.get(key)
            if pod is None:
                self.queue.remove(key)
            elif not self._try(pod) and (preempts or pod.nominated):
                self.preempt(pod)

    def waiting(self) -> list[Pod]:
        """Return the pods that wait, the oldest first."""
        return [pod for key in self.queue if (pod := self.world.get(key)) is not None]

    def open_nodes(self, beside: Pod | None = None) -> Flags | None:
        """Return the nodes where nobody else is nominated; None for all of them."""
        nominated = {
            pod.nominated for pod in self.waiting() if pod.nominated and (beside is None or pod.uid != beside.uid)
        }
        if not nominated:
            return None
        flags = np.ones(len(self.world.nodes), dtype=np.bool_)
        flags[[self.world.index[name] for name in nominated]] = False
        return flags

    def _try(self, pod: Pod) -> bool:
        choice = self._choose(pod)
        if choice is None:
            return False
        node, devices = choice
        self.queue.remove(pod.key)
        self._counted.discard(pod.uid)
        self.ledger.waits.append(self.world.now - pod.created)
        self.on_bound(self.world.bind(pod, node, devices))
        return True

    def _choose(self, pod: Pod) -> tuple[int, tuple[tuple[int, int], ...]] | None:
        task = self.world.tasks[pod.uid]
        if pod.nominated and self._fits_beside(pod, self.world.index[pod.nominated]):
            among = np.zeros(len(self.world.nodes), dtype=np.bool_)
            among[self.world.index[pod.nominated]] = True
            if (choice := self.scheduler.choose(task, among)) is not None:
                return choice
        among_all = self.open_nodes(beside=pod)
        choice = self.scheduler.choose(task, among_all)
        if choice is not None or among_all is None:
            return choice
        shared = np.flatnonzero(~among_all & self.world.fleet.fitting(task))
        among = np.zeros(len(self.world.nodes), dtype=np.bool_)
        among[[node for node in shared if self._fits_beside(pod, int(node))]] = True
        return self.scheduler.choose(task, among)

    def _promised(self, beside: Pod, node: int) -> list[Resources]:
        name = self.world.nodes[node].name
        return [pod.requests for pod in self.waiting() if pod.nominated == name and pod.uid != beside.uid]

    def _fits_beside(self, pod: Pod, node: int) -> bool:
        """Say whether a pod fits together with all others nominated to the node."""
        bay = bay_of(self.world, node)
        return all(bay.put(need) for need in (*self._promised(pod, node), pod.requests))

    def preempt(self, pod: Pod) -> None:
        """Drive out fillers for a pod, unless some already leave the node it is nominated to."""
        if pod.nominated and any(each.is_terminating for each in self.world.at(self.world.index[pod.nominated])):
            return
        best: tuple[tuple[int, float, float], int, list[Pod]] | None = None
        for node in self._candidates(pod):
            own = by_importance(each for each in self.world.at(node) if each.is_filler)
            victims = victims_on(self.world, node, pod.requests, self._promised(pod, node), own, lambda it: it.held)
            if victims is None:
                continue
            newest = -max((each.started for each in victims), default=0.0)
            rank = (len(victims), newest, float(self._chance.random()))
            if best is None or rank < best[0]:
                best = (rank, node, victims)
        if best is None:
            self.world.put(replace(pod, nominated=""))
            return
        self.world.put(replace(pod, nominated=self.world.nodes[best[1]].name))
        for victim in best[2]:
            if not victim.is_terminating:
                self.evict(victim)

    def count_need(self, pod: Pod) -> None:
        """Count the fewest evictions by which a waiting pod could be given room, once for each pod."""
        if pod.uid in self._counted:
            return
        self._counted.add(pod.uid)
        fewest: int | None = None
        for node in self._candidates(pod):
            own = by_size(each for each in self.world.at(node) if each.is_filler)
            promised = self._promised(pod, node)
            victims = victims_on(self.world, node, pod.requests, promised, own, self.smallest)
            if victims is not None:
                evictions = sum(not each.is_terminating for each in victims)
                fewest = evictions if fewest is None else min(fewest, evictions)
        self.ledger.evictions_needed += fewest or 0

    def _candidates(self, pod: Pod) -> list[int]:
        """Return the nodes with fillers that the pod may run on."""
        task = self.world.tasks[pod.uid]
        flags = self.world.fleet.is_open & self.world.fleet.accessible(task.models)
        held = {each.node for each in self.world.pods() if each.is_filler and each.node}
        return sorted(index for name in held if flags[index := self.world.index[name]])
