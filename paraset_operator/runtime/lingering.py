"""Fillers that somebody other than the operator has told to leave, and given longer than their policy allows."""

from collections.abc import Callable, Iterator

from paraset_operator.model.plan import DeletePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.yielding import hastened


class Lingering:
    """Fed by what pods go through; `policy_on` returns the policy of a node, `heeds` whether a namespace is heeded."""

    def __init__(self, policy_on: Callable[[str], PolicyView | None], heeds: Callable[[str], bool]) -> None:
        self._policy_on, self._heeds = policy_on, heeds
        self._leaving: dict[str, Pod] = {}

    def saw_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Take in a change of a pod."""
        if after is not None and _is_leaving(after) and self._heeds(after.namespace):
            self._leaving[after.uid] = after
        elif before is not None:
            self._leaving.pop(before.uid, None)

    def actions(self, snapshot: Snapshot) -> Iterator[DeletePod]:
        """Yield the deletions, once more, of those that would stay too long."""
        if not self._leaving:
            return
        owners = {owner.uid: owner for owner in snapshot.sets}
        for pod in self._leaving.values():
            policy = self._policy_on(pod.node)
            if policy is not None:
                again = hastened(pod, owners.get(pod.owner) or _gone(pod), policy)
                if again is not None:
                    yield again


def _is_leaving(pod: Pod) -> bool:
    return pod.is_filler and pod.is_terminating and bool(pod.node)


def _gone(pod: Pod) -> ParaSetView:
    """Return the set of a filler that has outlived it, as far as the filler tells."""
    return ParaSetView(pod.namespace, pod.name.rpartition("-")[0], pod.owner)
