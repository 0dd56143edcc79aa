"""A plan as JSON for programs. Its keys are an interface: docs/reference/plan.schema.json and plan.md describe them."""

from datetime import UTC, datetime
from typing import Any

from paraset_operator.model.resources import Resources, as_quantities
from paraset_operator.reporting.plan_view import ActionRow, NodeRow, PlanView, SetRow


def as_json(view: PlanView) -> dict[str, Any]:
    """Return the plan as JSON values; resources are quantity strings without the pod slot, durations seconds."""
    return {
        "asOf": timestamp(view.as_of),
        "actions": [_action(each) for each in view.actions],
        "nominations": [{"pod": pod, "node": node} for pod, node in view.nominations],
        "nodes": [_node(each) for each in view.nodes],
        "sets": [_set(each) for each in view.sets],
        "policies": [{"name": each.name, "mode": each.mode.value} for each in view.policies],
        "fragmentation": {"workloads": view.seen, "before": view.before, "after": view.after},
        "notes": list(view.notes),
    }


def timestamp(seconds: float) -> str:
    """Return a time since the epoch in UTC, as Kubernetes writes it."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _action(row: ActionRow) -> dict[str, Any]:
    return {
        "verb": row.verb,
        "namespace": row.namespace,
        "paraset": row.paraset,
        "pod": row.pod,
        "node": row.node,
        "shape": row.shape,
        "requests": _amounts(row.requests),
        "requestsBefore": _amounts(row.requests_before),
        "reason": row.reason,
        "detail": row.detail,
        "beneficiary": row.beneficiary or None,
        "after": list(row.after),
    } | _departure(row)


def _departure(row: ActionRow) -> dict[str, Any]:
    if row.verb != "delete":
        return {}
    return {"gracePeriodSeconds": row.grace_seconds, "lostSeconds": round(row.lost_seconds or 0.0, 3)}


def _node(row: NodeRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "allocatable": _amounts(row.allocatable),
        "others": _amounts(row.others),
        "filled": _amounts(row.filled),
        "kept": _amounts(row.kept),
        "free": _amounts(row.free),
        "boundBy": row.bound_by,
    }


def _set(row: SetRow) -> dict[str, Any]:
    report = row.report
    return {
        "namespace": report.owner.namespace,
        "name": report.owner.name,
        "uid": report.owner.uid,
        "ceiling": report.owner.ceiling,
        "current": row.current,
        "replicas": report.replicas,
        "shapes": dict(report.shapes),
        "resources": _amounts(report.resources),
        "nodes": report.nodes,
        "limitedBy": [{"reason": each.reason.value, "message": each.message} for each in report.limited_by],
    }


def _amounts(resources: Resources) -> dict[str, str]:
    return as_quantities(resources)
