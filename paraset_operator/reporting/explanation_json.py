"""An explanation as JSON for programs; docs/explain.md describes its keys."""

from typing import Any

from paraset_operator.model.resources import as_quantities
from paraset_operator.reporting.explanation import Explanation, NodeExplanation, ShapeGap, ShapeHolding
from paraset_operator.reporting.plan_json import timestamp


def as_json(explanation: Explanation, as_of: float) -> dict[str, Any]:
    """Return the explanation as JSON values; resources are quantity strings without the pod slot."""
    report = explanation.report
    return {
        "asOf": timestamp(as_of),
        "namespace": report.owner.namespace,
        "name": report.owner.name,
        "ceiling": report.owner.ceiling,
        "current": explanation.current,
        "planned": report.replicas,
        "resources": as_quantities(report.resources),
        "shapes": [_shape(each) for each in explanation.shapes],
        "limits": [
            {
                "reason": each.reason.value,
                "message": each.message,
                "remedy": each.remedy,
                "source": "operator" if each.is_told else "plan",
                "waits": [{"node": node or None, "secondsLeft": left} for node, left in each.waits],
            }
            for each in explanation.limits
        ],
        "bound": [
            {"reason": each.reason, "nodes": each.nodes, "left": as_quantities(each.left)} for each in explanation.bound
        ],
        "nodes": [_node(each) for each in explanation.nodes],
        "nodesLeftOut": explanation.left_out,
        "notes": list(explanation.notes),
    }


def _shape(holding: ShapeHolding) -> dict[str, Any]:
    shape = holding.shape
    return {
        "name": shape.name,
        "current": holding.current,
        "planned": holding.planned,
        "smallest": as_quantities(shape.smallest),
        "largest": as_quantities(shape.at({each.resource: each.maximum for each in shape.elastic})),
        "nodes": dict(holding.nodes),
    }


def _node(node: NodeExplanation) -> dict[str, Any]:
    return {
        "name": node.name,
        "boundBy": node.bound_by,
        "detail": node.detail,
        "idle": as_quantities(node.idle),
        "left": as_quantities(node.left),
        "kept": as_quantities(node.kept),
        "arriving": [{"paraset": owner, "shape": shape, "count": count} for owner, shape, count in node.arriving],
        "fragmentRate": None if node.rate is None else round(node.rate, 6),
        "category": node.category.value if node.category else None,
        "categories": {
            resource: {category.value: round(amount, 6) for category, amount in parts.items()}
            for resource, parts in node.categories.items()
        },
        "shapes": [_gap(each) for each in node.gaps],
    }


def _gap(gap: ShapeGap) -> dict[str, Any]:
    return {
        "name": gap.shape,
        "lacks": as_quantities(gap.lacks) | ({"pods": str(gap.lacks["pods"])} if "pods" in gap.lacks else {}),
        "remedies": [
            {"resource": resource, "way": each.way.value, "text": each.text}
            for resource, ways in gap.remedies
            for each in ways
        ],
    }
