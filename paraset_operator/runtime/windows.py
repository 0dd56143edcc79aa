"""Planned windows as announcements: which are open now, and how many copies LS pods have not taken yet."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from typing import NamedTuple

from cronsim import CronSim

from paraset_operator.model.announced import Announcement, Source, Window
from paraset_operator.model.constraints import Constraints, NodeSelectorTerm, Toleration
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.quantity import CPU, PODS
from paraset_operator.model.resources import devices_of, plus, total_of
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.feasibility import may_run_on, policy_of, selects

# A window is room, not a pod: no taint of a node keeps it out.
_ANY_TAINT = (Toleration(operator="Exists"),)


class Opening(NamedTuple):
    """When room begins to be made and when it is given up, both in seconds since the epoch."""

    begins: float
    ends: float


def next_opening(window: Window, now: float) -> Opening:
    """Return the opening that is in force, or the next one; never, if the schedule has no more times."""
    since = datetime.fromtimestamp(now, UTC) - timedelta(seconds=window.duration)
    start = next(CronSim(window.schedule, since), None)
    if start is None:
        return Opening(inf, inf)
    return Opening(start.timestamp() - window.lead, start.timestamp() + window.duration)


class Windows:
    """The windows of all policies. What a schedule says is found once per opening: a plan asks often."""

    def __init__(self) -> None:
        self._openings: dict[tuple[str, float, float], Opening] = {}

    def announcements(
        self, policies: Sequence[PolicyView], nodes: Iterable[NodeState], waiting: Iterable[Pod], now: float
    ) -> Iterator[Announcement]:
        """Yield what is announced at `now`, seconds since the epoch; `waiting` are the pods that have no node."""
        for policy in policies:
            for window in policy.announced.windows:
                opening = self._opening(window, now)
                if opening.begins <= now < opening.ends:
                    lent = [state for state in nodes if _is_meant(state.node, window, policy, policies)]
                    came = [pod for pod in _pods_of(lent, waiting) if _came(pod, opening, policy)]
                    count = window.copies - copies_taken(window, came)
                    if count > 0:
                        yield _announcement(window, policy, count)

    def _opening(self, window: Window, now: float) -> Opening:
        schedule = (window.schedule, window.duration, window.lead)
        kept = self._openings.get(schedule)
        if kept is None or now >= kept.ends:
            kept = self._openings[schedule] = next_opening(window, now)
        return kept


def copies_taken(window: Window, came: Iterable[Pod]) -> int:
    """Return how many copies LS pods stand for: by the devices that a copy has, or by its cores if it has none."""
    measured = devices_of(window.resources) or {CPU: window.resources.get(CPU, 0)}
    taken = total_of(pod.requests for pod in came if all(pod.requests.get(name, 0) > 0 for name in measured))
    return max((taken.get(name, 0) // amount for name, amount in measured.items() if amount > 0), default=0)


def _is_meant(node: Node, window: Window, policy: PolicyView, policies: Sequence[PolicyView]) -> bool:
    return selects(window.nodes, node.labels) and policy_of(node, policies) is policy


def _pods_of(states: Iterable[NodeState], waiting: Iterable[Pod]) -> Iterator[Pod]:
    """Yield the pods that run on these nodes, and those that wait and could."""
    states = list(states)
    yield from (pod for state in states for pod in state.pods)
    yield from (pod for pod in waiting if any(may_run_on(pod.constraints, state.node) for state in states))


def _came(pod: Pod, opening: Opening, policy: PolicyView) -> bool:
    """Say whether it is LS work that has come since room began to be made."""
    if pod.is_filler or pod.is_ending or pod.is_gated or pod.created < opening.begins:
        return False
    return pod.priority >= policy.ls_priority


def _announcement(window: Window, policy: PolicyView, count: int) -> Announcement:
    name = f"window {policy.name}/{window.name}"
    term = NodeSelectorTerm(labels=window.nodes.requirements)
    return Announcement(
        source=Source.WINDOWS,
        key=name,
        asker=name,
        count=count,
        requests=plus(window.resources, {PODS: 1}),
        constraints=Constraints(affinity=(term,) if term.labels else None, tolerations=_ANY_TAINT),
        priority=policy.ls_priority,
        policy=policy.name,
    )
