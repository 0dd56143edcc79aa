"""Why a node does not admit a set's fillers, capacity aside: the first obstacle found, and what would remove it.

The judgement is that of planning/feasibility.py; here it is only put into words.
"""

from collections.abc import Mapping
from typing import NamedTuple

from paraset_operator.model.constraints import Constraints
from paraset_operator.model.node import Node
from paraset_operator.model.policy import PolicyView
from paraset_operator.planning.feasibility import allowed_tolerations, is_attracted, tolerates_all
from paraset_operator.planning.reports import NO_POLICY

# Reasons a node is not for a set, beside those of planning/reports.py and the trouble a node may be in.
NODE_SELECTOR, NODE_AFFINITY = "nodeSelector", "nodeAffinity"
TAINT, TOLERATION = "taint", "tolerationNotAllowed"

_TROUBLES = {
    "Cordoned": "the node is cordoned: `kubectl uncordon {node}`",
    "NotReady": "the node is not ready: see `kubectl describe node {node}`",
}
_PRESSURE = "the node is under pressure: it is filled again when {trouble} ends"


class Obstacle(NamedTuple):
    """A reason from the documented list, and one sentence with the remedy."""

    reason: str
    detail: str


def obstacle_on(node: Node, policy: PolicyView | None, constraints: Constraints) -> Obstacle | None:
    """Return why no filler of the set may be on the node, or None."""
    if policy is None:
        return Obstacle(NO_POLICY, "no FillPolicy selects the node: its labels match no spec.nodeSelector")
    if node.trouble:
        words = _TROUBLES.get(node.trouble, _PRESSURE)
        return Obstacle(word_for(node.trouble), words.format(node=node.name, trouble=node.trouble))
    return _not_selected(node, constraints) or _repelled(node, policy, constraints)


def word_for(trouble: str) -> str:
    """Return a node's trouble as it is written among the reasons."""
    return trouble[:1].lower() + trouble[1:]


def _not_selected(node: Node, constraints: Constraints) -> Obstacle | None:
    for key, value in constraints.node_selector:
        if node.labels.get(key) != value:
            has = _label(node.labels, key)
            return Obstacle(NODE_SELECTOR, f"spec.template wants label {key}={value}, the node has {has}")
    if is_attracted(constraints, node):
        return None
    keys = sorted({each.key for term in constraints.affinity or () for each in (*term.labels, *term.fields)})
    has = ", ".join(_label({**node.labels, "metadata.name": node.name}, key) for key in keys) or "nothing it asks for"
    return Obstacle(NODE_AFFINITY, f"no term of the required node affinity in spec.template holds: the node has {has}")


def _label(labels: Mapping[str, str], key: str) -> str:
    return f"{key}={labels[key]}" if key in labels else f"no {key}"


def _repelled(node: Node, policy: PolicyView, constraints: Constraints) -> Obstacle | None:
    allowed = allowed_tolerations(constraints.tolerations, policy)
    taint = next((each for each in node.taints if not tolerates_all(allowed, (each,))), None)
    if taint is None:
        return None
    words = f"{taint.key}={taint.value}:{taint.effect}" if taint.value else f"{taint.key}:{taint.effect}"
    if tolerates_all(constraints.tolerations, (taint,)):
        owner = f"spec.tolerations of FillPolicy {policy.name}"
        return Obstacle(TOLERATION, f"spec.template tolerates taint {words}, but {owner} do not allow that")
    return Obstacle(TAINT, f"no toleration for taint {words}: add one to spec.template")
