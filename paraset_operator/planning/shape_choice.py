"""Which shapes a set tries, in which order.

Shapes with devices come first: they take few cores, and a core given to another shape first could strand a device.
Within a kind, the shape that is worth most per dominant share of what is fillable comes first; ties go to the name.
"""

from paraset_operator.model.resources import Resources, dominant_share
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.planning.worth import worth_of


def device_shapes(owner: ParaSetView, fillable: Resources) -> list[Shape]:
    """Return the shapes that take devices, best first."""
    return sorted((each for each in owner.shapes if each.has_devices), key=lambda each: _rank(each, fillable))


def plain_shapes(owner: ParaSetView, fillable: Resources) -> list[Shape]:
    """Return the shapes without devices, best first."""
    return sorted((each for each in owner.shapes if not each.has_devices), key=lambda each: _rank(each, fillable))


def _rank(shape: Shape, fillable: Resources) -> tuple[float, str]:
    share = dominant_share(shape.smallest, fillable)
    return (-worth_of(shape, {}) / share if share > 0 else 0.0, shape.name)
