"""Storms: many nodes NotReady at once say more about the network or the control plane than about the nodes.

A policy's nodes are in a storm while more than `storm_percent` of them (20 %), and at least three, are NotReady or
turned so within the last minute. Then nothing is made or grown on any of its nodes, nothing is replaced, and fillers
on nodes that are NotReady are left to the node lifecycle: to delete them would not reach the kubelets, and would be
a thousand writes to a control plane in need. LS work gets its room all the same.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf
from types import MappingProxyType

from paraset_operator.model.plan import Storm
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.snapshot import NodeState
from paraset_operator.planning.pacing import Pacing

NOT_READY = "NotReady"
# Fewer nodes than these are never a storm, however small the cluster.
LEAST = 3
# How long a node counts after it turned NotReady, even if it came back: seconds.
REMEMBERED = 60.0


def with_lapses(pacing: Pacing, nodes: Iterable[NodeState], now: float, *, is_first: bool = False) -> Pacing:
    """Return the state that knows when nodes turned NotReady; of those that were so at the first look nobody knows."""
    lapses = {name: when for name, when in pacing.lapses.items() if when > now - REMEMBERED}
    for state in nodes:
        if state.node.trouble == NOT_READY:
            lapses[state.node.name] = pacing.lapses.get(state.node.name, -inf if is_first else now)
    return replace(pacing, lapses=MappingProxyType(lapses)) if lapses != pacing.lapses else pacing


def storms(
    states: Sequence[NodeState], policies: Sequence[PolicyView | None], pacing: Pacing, now: float
) -> Mapping[str, Storm]:
    """Return the storms by policy name; `policies` has the one that covers each of the nodes."""
    if len(pacing.lapses) < LEAST:
        return {}
    nodes, away = Counter[str](), Counter[str]()
    rules = {policy.name: policy for policy in policies if policy is not None}
    for state, policy in zip(states, policies, strict=True):
        if policy is not None:
            nodes[policy.name] += 1
            away[policy.name] += _is_away(state, pacing, now)
    return {
        name: Storm(name, away[name], nodes[name])
        for name in sorted(nodes)
        if away[name] >= LEAST and 100 * away[name] > rules[name].pacing.storm_percent * nodes[name]
    }


def _is_away(state: NodeState, pacing: Pacing, now: float) -> bool:
    return state.node.trouble == NOT_READY or pacing.lapses.get(state.node.name, -inf) > now - REMEMBERED
