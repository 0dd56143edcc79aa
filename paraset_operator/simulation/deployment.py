"""A low-priority Deployment: what people fill with today. As many replicas as asked for, all of one shape.

Replicas that fit nowhere stay pending and take any room that comes free; LS work preempts them natively.
"""

from paraset_operator.api.names import FILLER_PRIORITY
from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView
from paraset_operator.simulation.fleet import Flags
from paraset_operator.simulation.schedulers import Scheduler
from paraset_operator.simulation.world import World, task_of


class Deployment:
    """The replicas of a set's first shape; only those that run are pods of the world."""

    def __init__(self, world: World, owner: ParaSetView, scheduler: Scheduler) -> None:
        self._world, self._owner, self._scheduler = world, owner, scheduler
        self._shape = owner.shapes[0]
        self._task = task_of(self._shape.smallest)
        own = [pod for pod in world.pods() if pod.owner == owner.uid]
        self._made = max((pod.index for pod in own), default=0)
        self.running = sum(not pod.is_terminating for pod in own)

    def scale_up(self, among: Flags | None = None) -> None:
        """Bind pending replicas as long as one fits; `among` says which nodes are open to them."""
        while self.running < self._owner.ceiling:
            choice = self._scheduler.choose(self._task, among)
            if choice is None:
                return
            self._world.bind(self._world.add(self._replica()), *choice)
            self.running += 1

    def lost(self) -> None:
        """Count a replica that was preempted: another one is pending in its place."""
        self.running -= 1

    def _replica(self) -> Pod:
        self._made += 1
        requests = self._shape.smallest
        return Pod(
            namespace=self._owner.namespace,
            name=f"{self._owner.name}-{self._made}",
            uid="",
            priority=FILLER_PRIORITY,
            held=requests,
            requests=requests,
            owner=self._owner.uid,
            shape=self._shape.name,
            index=self._made,
            sizes=self._shape.container_requests({}),
        )
