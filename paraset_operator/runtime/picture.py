"""The picture a plan is made from: the cluster's cache, the sets and the policies, frozen together."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import structlog

from paraset_operator.api.v1alpha1 import FillPolicy, ParaSet
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.model.announced import Announcement
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import BUILT_IN_POLICY, DEFAULT_POLICY, Mode, PacingRules, PolicyView
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.feasibility import policy_of
from paraset_operator.runtime.namespaces import NamespaceStore
from paraset_operator.runtime.objects import Known, ObjectStore
from paraset_operator.runtime.translate import copies_of, paraset_view, policy_view, unreadable_view

_log = structlog.get_logger(__name__)

Announced: TypeAlias = Callable[
    [tuple[PolicyView, ...], tuple[NodeState, ...], tuple[Pod, ...]], tuple[Announcement, ...]
]


def _nothing(*_: object) -> tuple[Announcement, ...]:
    return ()


class Picture:
    """Freezes snapshots.

    Nothing new is made of a set that can't be parsed, and its fillers yield as any others do. A policy that can't be
    parsed forbids all action, because nobody knows what its author wanted to be spared.
    """

    def __init__(
        self,
        cache: ClusterCache,
        sets: ObjectStore[ParaSet],
        policies: ObjectStore[FillPolicy],
        namespaces: NamespaceStore,
        fault_of: Callable[[str], str],
        learned: Callable[[str], Mapping[str, int]] = lambda _policy: {},
        announced: Announced = _nothing,
    ) -> None:
        self._cache, self._sets, self._policies, self._namespaces = cache, sets, policies, namespaces
        self._fault_of, self._learned, self._announced = fault_of, learned, announced
        self._views: dict[str, tuple[object, ParaSetView]] = {}
        self._policies_seen: object = None
        self._policy_views: tuple[PolicyView, ...] = ()

    def freeze(self, fresh: frozenset[str] = frozenset(), answered: frozenset[str] = frozenset()) -> Snapshot:
        """Return the picture as of now; which LS pods are `fresh` or `answered` is known by who asks."""
        nodes, waiting = self._cache.freeze()
        policies = self.policies()
        announced = self._announced(policies, nodes, waiting)
        return Snapshot(nodes, waiting, self.sets(), policies, fresh, answered, announced)

    def sets(self) -> tuple[ParaSetView, ...]:
        """Return the sets, by key."""
        now = datetime.now(UTC)
        return tuple(
            unreadable_view(known.raw, known.problem) if known.value is None else self.view(known, known.value, now)
            for known in self._sets
        )

    def policies(self) -> tuple[PolicyView, ...]:
        """Return the policies by name, or else the built-in one.

        Made anew only when one of them, its copies, or a namespace's labels changed.
        """
        labels: Mapping[str, Mapping[str, str]] = self._namespaces.labels
        copies = [copies_of(known.value, self._learned(known.name)) if known.value else {} for known in self._policies]
        state = (tuple((known.uid, known.generation) for known in self._policies), copies, {**labels})
        if self._policies_seen != state:
            self._policies_seen = state
            self._policy_views = tuple(
                policy_view(known.value, labels, own) if known.value else PolicyView(known.name, Mode.OBSERVE)
                for known, own in zip(self._policies, copies, strict=True)
            )
        return self._policy_views or (BUILT_IN_POLICY,)

    def view(self, known: Known[ParaSet], paraset: ParaSet, now: datetime) -> ParaSetView:
        """Return the planner's view of a set, made anew only when something it depends on has changed."""
        fault = self._fault_of(known.uid)
        has_schedule = any(budget.schedule for budget in paraset.spec.budgets or ())
        state = (known.generation, paraset.metadata.deletion_timestamp, fault, now if has_schedule else None)
        kept = self._views.get(known.uid)
        if kept is None or kept[0] != state:
            kept = self._views[known.uid] = (state, paraset_view(paraset, fault, now))
        return kept[1]

    def forget(self, uid: str) -> None:
        """Drop what was made of a set that is gone."""
        self._views.pop(uid, None)

    def policy_on(self, node_name: str) -> PolicyView | None:
        """Return the policy that covers a node, or None; a node that is not known has none."""
        node = self._cache.nodes.nodes.get(node_name)
        return policy_of(node, self.policies()) if node else None

    def rules_of(self, node_name: str) -> PacingRules:
        """Return the pacing rules that hold on a node."""
        policy = self.policy_on(node_name)
        return policy.pacing if policy else DEFAULT_POLICY.pacing

    def unbound_fillers(self) -> list[str]:
        """Return the uids of the fillers that wait for the scheduler."""
        return [pod.uid for pod in self._cache.pods if pod.is_filler and not pod.node and pod.uid]
