"""Where a pod may run: what the scheduler reads from a pod's spec, as values.

Only rules that can be judged from a pod and a node alone are represented. `is_judgeable` is false for a pod that
carries others (inter-pod affinity, hard topology spread, volumes bound to nodes, resource claims): nobody guesses
about those.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Toleration:
    """A toleration of a taint; an empty key with Exists tolerates everything, an empty effect every effect."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One expression over a label (or, for a field, over the node's name)."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeSelectorTerm:
    """Requirements that must all hold; a term without any matches nothing."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class Constraints:
    """The node selector (all must hold), the required node affinity (one term must hold) and the tolerations."""

    node_selector: tuple[tuple[str, str], ...] = ()
    affinity: tuple[NodeSelectorTerm, ...] | None = None
    tolerations: tuple[Toleration, ...] = ()
    is_judgeable: bool = True


UNCONSTRAINED = Constraints()


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """A label selector with all its requirements; without any it matches everything."""

    requirements: tuple[Requirement, ...] = field(default=())
