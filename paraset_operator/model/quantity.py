"""Kubernetes quantities as integers.

Amounts are whole numbers from the first byte on: CPU in 1/1000 core, memory and storage in bytes, everything else
(devices, pods) in pieces. A fraction of a unit is rounded up, as the scheduler does.
"""

import re
from functools import lru_cache

CPU = "cpu"
MEMORY = "memory"
PODS = "pods"

_PATTERN = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2}|[numkMGTPE]|[KMGTPE]i)?", re.ASCII)
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_EXPONENTS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_LARGEST = 2**63 - 1


class QuantityError(ValueError):
    """A text that is no Kubernetes quantity."""


@lru_cache(maxsize=65536)
def parse_quantity(resource: str, text: str | int) -> int:
    """Return `text` in the unit of `resource`, rounded up; raise QuantityError when it is no quantity."""
    match = _PATTERN.fullmatch(str(text))
    if match is None:
        raise QuantityError(f"{text!r} is not a quantity such as 500m, 2 or 4Gi")
    sign, digits, suffix = match.groups()
    numerator, denominator = _as_fraction(digits, suffix or "")
    if resource == CPU:
        numerator *= 1000
    amount = -(-numerator // denominator)
    return min(amount, _LARGEST) if sign != "-" else -min(amount, _LARGEST)


def _as_fraction(digits: str, suffix: str) -> tuple[int, int]:
    whole, _, decimals = digits.partition(".")
    numerator, denominator = int((whole + decimals) or "0"), 10 ** len(decimals)
    if suffix in _BINARY:
        return numerator * _BINARY[suffix], denominator
    exponent = int(suffix[1:]) if suffix[:1] in ("e", "E") and suffix[1:] else _EXPONENTS[suffix]
    return (numerator * 10**exponent, denominator) if exponent >= 0 else (numerator, denominator * 10**-exponent)


def format_quantity(resource: str, amount: int) -> str:
    """Return the shortest exact Kubernetes quantity for `amount` units of `resource`."""
    if resource == CPU:
        return str(amount // 1000) if amount % 1000 == 0 else f"{amount}m"
    if resource == MEMORY or resource.startswith(("hugepages-", "ephemeral-storage")):
        for suffix in ("Ti", "Gi", "Mi", "Ki"):
            if amount and amount % _BINARY[suffix] == 0:
                return f"{amount // _BINARY[suffix]}{suffix}"
    return str(amount)
