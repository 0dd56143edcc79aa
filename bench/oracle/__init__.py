"""A certified upper bound on what any plan can be worth, and an independent check of what a plan does.

It derives everything from the snapshot and shares no code with the planner's filling, so a mistake there shows here.
"""

from bench.oracle.audit import audit
from bench.oracle.certificate import Certificate, bound_of, certify
from bench.oracle.pool import SolverPool

__all__ = ["Certificate", "SolverPool", "audit", "bound_of", "certify"]
