"""What is held just now, as JSON for programs; docs/kubectl-plugin.md describes its keys."""

from typing import Any

from paraset_operator.model.resources import as_quantities
from paraset_operator.reporting.plan_json import timestamp
from paraset_operator.reporting.top_view import NodeNow, SetNow, TopView


def as_json(view: TopView) -> dict[str, Any]:
    """Return the rows as JSON values; resources are quantity strings without the pod slot."""
    return {
        "asOf": timestamp(view.as_of),
        "sets": [_set(each) for each in view.sets],
        "nodes": [{"name": each.name, "trouble": each.trouble or None} | _held(each) for each in view.nodes],
        "total": _held(view.total),
        "waiting": view.waiting,
        "notes": list(view.notes),
    }


def _set(row: SetNow) -> dict[str, Any]:
    namespace, _, name = row.key.partition("/")
    return {
        "namespace": namespace,
        "name": name,
        "ceiling": row.ceiling,
        "desired": row.desired,
        "current": row.current,
        "ready": row.ready,
        "leaving": row.leaving,
        "nodes": row.nodes,
        "resources": as_quantities(row.resources),
        "suspended": row.is_suspended,
        "limitedBy": {"reason": row.limit.reason.value, "message": row.limit.message} if row.limit else None,
    }


def _held(row: NodeNow) -> dict[str, Any]:
    return {
        "fillers": row.fillers,
        "allocatable": as_quantities(row.allocatable),
        "others": as_quantities(row.others),
        "filled": as_quantities(row.filled),
        "idle": as_quantities(row.idle),
    }
