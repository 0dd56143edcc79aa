"""Amounts as metrics show them."""

from paraset_operator.model.quantity import CPU, PODS
from paraset_operator.model.resources import Resources


def in_base_units(amounts: Resources) -> dict[str, float]:
    """Return cores instead of millicores, and no pod slots."""
    return {name: amount / 1000 if name == CPU else amount for name, amount in amounts.items() if name != PODS}
