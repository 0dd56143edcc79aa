"""Whom a pod would drive out on a node, as kube-scheduler's preemption finds it: on paper all fillers leave, then as
many as possible stay.

Devices are part of it: a pod that needs a part of a GPU, or whole ones, must find them on this node once the victims
are gone. The same dry run, with fillers shrunk and the smallest spared first, says how few evictions a pod needs.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from paraset_operator.model.devices import Free, place, without
from paraset_operator.model.pod import Pod
from paraset_operator.model.quantity import CPU, MEMORY, PODS
from paraset_operator.model.resources import Resources
from paraset_operator.simulation.fleet import GPU
from paraset_operator.simulation.world import World, placement_of

Smallest = Callable[[Pod], Resources]


@dataclass(slots=True)
class Bay:
    """A node's free room on paper."""

    cpu: int
    memory: int
    slots: int
    gpu: Free
    size: Free

    def put(self, held: Resources) -> bool:
        """Take room for a pod wherever its devices fit; say whether it was there."""
        devices = place(held.get(GPU, 0), self.gpu, self.size)
        if devices is None or not self._has(held):
            return False
        self._take(held, 1)
        self.gpu = without(self.gpu, devices)
        return True

    def leave(self, pod: Pod) -> None:
        """Give back what a pod holds."""
        self._take(pod.held, -1)
        self.gpu = without(self.gpu, ((device, -part) for device, part in placement_of(pod)))

    def stay(self, pod: Pod, held: Resources) -> None:
        """Take back a pod that was to leave, on the devices it is on."""
        self._take(held, 1)
        self.gpu = without(self.gpu, placement_of(pod))

    def copy(self) -> "Bay":
        """Return the same room."""
        return Bay(self.cpu, self.memory, self.slots, self.gpu, self.size)

    def _has(self, held: Resources) -> bool:
        return self.cpu >= held.get(CPU, 0) and self.memory >= held.get(MEMORY, 0) and self.slots >= held.get(PODS, 0)

    def _take(self, held: Resources, sign: int) -> None:
        self.cpu -= sign * held.get(CPU, 0)
        self.memory -= sign * held.get(MEMORY, 0)
        self.slots -= sign * held.get(PODS, 0)

    def is_sound(self) -> bool:
        """Say whether nothing is overdrawn."""
        return min(self.cpu, self.memory, self.slots, *self.gpu, 0) == 0


def bay_of(world: World, node: int) -> Bay:
    """Return what is free on a node."""
    fleet = world.fleet
    return Bay(
        int(fleet.cpu[node]),
        int(fleet.memory[node]),
        int(fleet.slots[node]),
        tuple(fleet.gpu[node].tolist()),
        tuple(fleet.size[node].tolist()),
    )


def victims_on(
    world: World, node: int, need: Resources, promised: Iterable[Resources], order: Sequence[Pod], smallest: Smallest
) -> list[Pod] | None:
    """Return who has to go for a pod, or None where that would not help; who comes first in `order` is spared first.

    `promised` are the needs of pods nominated here, who count as if they were bound.
    """
    bay = bay_of(world, node)
    for pod in order:
        bay.leave(pod)
    claims = [*promised, need]
    if not _all_fit(bay, claims):
        return None
    victims = []
    for pod in order:
        before = bay.copy()
        bay.stay(pod, smallest(pod))
        if not (bay.is_sound() and _all_fit(bay, claims)):
            bay = before
            victims.append(pod)
    return victims


def _all_fit(bay: Bay, claims: Iterable[Resources]) -> bool:
    trial = bay.copy()
    return all(trial.put(claim) for claim in claims)


def by_importance(pods: Iterable[Pod]) -> list[Pod]:
    """Return fillers as kube-scheduler spares them: the highest priority first, then who runs longest.

    Who is on the way out already is spared last: that nobody else has to go for it.
    """
    return sorted(pods, key=lambda pod: (pod.is_terminating, -pod.priority, pod.started, pod.key))


def by_size(pods: Iterable[Pod]) -> list[Pod]:
    """Return fillers so that sparing them in turn leaves few to go: the smallest first, those that go anyway last."""
    return sorted(pods, key=lambda pod: (pod.is_terminating, pod.held.get(GPU, 0), pod.held.get(CPU, 0), pod.key))
