"""All that a plan is made from, read once: from a live cluster or from files. Nothing in it changes any more."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paraset_operator.model.plan import LimitReport
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.pacing import Pacing


@dataclass(frozen=True, slots=True)
class Scene:
    """The picture, what is remembered, and what the operator told of each set, by key, in its status.

    `problems` say what is wrong with sets that can't be planned for, `remarks` are notes on single sets, `desired` is
    what the operator wants of each. `namespaces` are all that exist, None if nobody knows; `namespace` is the one that
    is meant where none is named. `notes` say what is left open, each a sentence.
    """

    snapshot: Snapshot
    moment: Moment
    pacing: Pacing = field(default_factory=Pacing)
    told: Mapping[str, tuple[LimitReport, ...]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    desired: Mapping[str, int] = field(default_factory=dict)
    namespaces: frozenset[str] | None = None
    namespace: str = "default"
    notes: tuple[str, ...] = ()
