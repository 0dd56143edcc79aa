"""May this pod run on this node: node selector, required node affinity, taints, by the scheduler's rules."""

from collections.abc import Iterable, Mapping

from paraset_operator.model.constraints import (
    Constraints,
    LabelSelector,
    NodeSelectorTerm,
    Requirement,
    Toleration,
)
from paraset_operator.model.node import Node, Taint
from paraset_operator.model.policy import PolicyView

_REPELLING = frozenset({"NoSchedule", "NoExecute"})
_CORDON = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")


def may_run_on(constraints: Constraints, node: Node) -> bool:
    """Say whether an LS pod may be scheduled on the node, capacity aside."""
    taints = (*node.taints, _CORDON) if node.is_cordoned else node.taints
    return is_attracted(constraints, node) and tolerates_all(constraints.tolerations, taints)


def may_fill(constraints: Constraints, node: Node, policy: PolicyView | None) -> bool:
    """Say whether a filler may be on the node: a policy covers it, it has no trouble, and its taints are tolerated."""
    if policy is None or node.trouble or not is_attracted(constraints, node):
        return False
    return tolerates_all(allowed_tolerations(constraints.tolerations, policy), node.taints)


def allowed_tolerations(wanted: Iterable[Toleration], policy: PolicyView) -> tuple[Toleration, ...]:
    """Return those tolerations of a template that the policy lets fillers keep."""
    return tuple(each for each in wanted if any(_covers(allowed, each) for allowed in policy.tolerations))


def _covers(allowed: Toleration, wanted: Toleration) -> bool:
    if allowed.effect not in ("", wanted.effect):
        return False
    if allowed.operator == "Exists":
        return allowed.key in ("", wanted.key)
    return (allowed.key, allowed.operator, allowed.value) == (wanted.key, wanted.operator, wanted.value)


def tolerates_all(tolerations: tuple[Toleration, ...], taints: Iterable[Taint]) -> bool:
    """Say whether every taint that repels pods is tolerated."""
    return all(_is_tolerated(taint, tolerations) for taint in taints if taint.effect in _REPELLING)


def _is_tolerated(taint: Taint, tolerations: tuple[Toleration, ...]) -> bool:
    return any(
        toleration.effect in ("", taint.effect)
        and (toleration.key == taint.key or (not toleration.key and toleration.operator == "Exists"))
        and (toleration.operator == "Exists" or toleration.value == taint.value)
        for toleration in tolerations
    )


def is_attracted(constraints: Constraints, node: Node) -> bool:
    """Say whether node selector and required node affinity accept the node."""
    if any(node.labels.get(key) != value for key, value in constraints.node_selector):
        return False
    return constraints.affinity is None or any(_term_holds(term, node) for term in constraints.affinity)


def _term_holds(term: NodeSelectorTerm, node: Node) -> bool:
    if not term.labels and not term.fields:
        return False
    return all(holds(each, node.labels) for each in term.labels) and all(
        each.key == "metadata.name" and holds(each, {"metadata.name": node.name}) for each in term.fields
    )


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Say whether a label selector matches; an empty one matches everything."""
    return all(holds(each, labels) for each in selector.requirements)


def holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """Say whether one expression holds for the labels (NotIn and DoesNotExist hold where the label is missing)."""
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value is not None and value in requirement.values
        case "NotIn":
            return value is None or value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt":
            return _compares(requirement, value)
    return False


def _compares(requirement: Requirement, value: str | None) -> bool:
    try:
        left, right = int(value or ""), int(requirement.values[0])
    except (ValueError, IndexError):
        return False
    return left > right if requirement.operator == "Gt" else left < right


def policy_of(node: Node, policies: Iterable[PolicyView]) -> PolicyView | None:
    """Return the policy that covers the node: the first by name whose node selector matches."""
    return next((policy for policy in policies if selects(policy.nodes, node.labels)), None)
