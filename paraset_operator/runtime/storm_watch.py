"""Tells of storms (planning/storms.py): a gauge for each policy, an Event when one begins and when it is over."""

from collections.abc import Iterable

import structlog

from paraset_operator.api.v1alpha1 import FillPolicy
from paraset_operator.model.plan import Storm
from paraset_operator.reporting.events import EventRecorder, Subject
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.runtime.objects import ObjectStore

_log = structlog.get_logger(__name__)


class StormWatch:
    """Storms by policy; the built-in default policy is no object, and has no Events."""

    def __init__(self, policies: ObjectStore[FillPolicy], events: EventRecorder, metrics: Metrics) -> None:
        self._policies, self._events, self._metrics = policies, events, metrics
        self._known: dict[str, Storm] = {}

    def saw(self, storms: Iterable[Storm]) -> None:
        """Take in the storms of a plan."""
        found = {each.policy: each for each in storms}
        for name in found.keys() - self._known.keys():
            self._tell(
                name, "Warning", "NodesNotReady", f"{found[name].message}: nothing new is begun until it is calm"
            )
        for name in self._known.keys() - found.keys():
            self._tell(name, "Normal", "NodesReady", "it is calm again: fillers are made and grown")
        self._known = found
        self._metrics.saw_storms(found)

    def _tell(self, name: str, kind: str, reason: str, message: str) -> None:
        _log.warning("storm", policy=name, reason=reason, message=message)
        for known in self._policies:
            if known.name == name:
                self._events.record(Subject.of_policy(name, known.uid), kind, reason, message)
