"""Which headroom shape an LS pod uses up: the smallest it fits, by what it asks for and by where it may run."""

from collections.abc import Iterable

from paraset_operator.model.constraints import Constraints
from paraset_operator.model.node import Node
from paraset_operator.model.policy import HeadroomShape, PolicyView
from paraset_operator.model.quantity import CPU, MEMORY
from paraset_operator.model.resources import Resources, devices_of
from paraset_operator.planning.feasibility import may_run_on, policy_of, selects


def smallest_fit(requests: Resources, shapes: Iterable[HeadroomShape]) -> HeadroomShape | None:
    """Return the smallest shape that an LS pod with these requests fits, or None."""
    return min((shape for shape in shapes if _fits(requests, shape)), key=_size, default=None)


def _fits(requests: Resources, shape: HeadroomShape) -> bool:
    """Say whether a pod asks for the shape's devices, no others, and for no more than it has of all it names."""
    if devices_of(requests).keys() != devices_of(shape.resources).keys():
        return False
    return all(requests.get(name, 0) <= amount for name, amount in shape.resources.items())


def _size(shape: HeadroomShape) -> tuple[int, int, int, str]:
    amounts = shape.resources
    return sum(devices_of(amounts).values()), amounts.get(CPU, 0), amounts.get(MEMORY, 0), shape.name


def shapes_in_reach(
    constraints: Constraints, policy: PolicyView, policies: tuple[PolicyView, ...], nodes: Iterable[Node]
) -> tuple[HeadroomShape, ...]:
    """Return the shapes of a policy for which room is kept on some node where a pod may run."""
    open_shapes, found = list(policy.headroom), []
    for node in nodes:
        if not open_shapes:
            break
        if not may_run_on(constraints, node) or policy_of(node, policies) is not policy:
            continue
        found += [shape for shape in open_shapes if selects(shape.nodes, node.labels)]
        open_shapes = [shape for shape in open_shapes if not selects(shape.nodes, node.labels)]
    return tuple(found)
