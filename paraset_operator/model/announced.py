"""LS work that is announced before its pods exist, as values: who asks for how many pods of which kind."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from paraset_operator.model.constraints import UNCONSTRAINED, Constraints, LabelSelector
from paraset_operator.model.resources import Resources, nothing


class Source(StrEnum):
    """Where an announcement comes from; the values are the names of the policy's switches."""

    AUTOSCALERS = "horizontalPodAutoscalers"
    WORKLOADS = "workloads"
    JOBS = "jobs"
    SUSPENDED_JOBS = "suspendedJobs"
    KUEUE = "kueueWorkloads"
    GATED = "gatedPods"
    BUFFERS = "capacityBuffers"
    WINDOWS = "windows"


# What is on unless a policy says otherwise: whose pods come by themselves within seconds, and what somebody has asked
# for by name. A suspended Job and a gated pod may wait for days.
DEFAULT_SOURCES = frozenset(Source) - {Source.SUSPENDED_JOBS, Source.GATED}


_ANYWHERE = LabelSelector()


@dataclass(frozen=True, slots=True)
class Announcement:
    """Pods that are still to come: `count` more of them, alike.

    `key` names whose pods they are, such as "Deployment shop/web". Two announcements of one key speak of the same pods:
    the larger number counts. `asker` is who says so, such as "HorizontalPodAutoscaler shop/web". `requests` include the
    pod slot. `age` is the seconds since it last changed; 0 for what is promised for as long as it stands. For one that
    `is_fresh` room is kept but none is made: its pods may come at once, and kube-scheduler preempts for them by itself.
    With a `policy` only nodes of that policy are meant.
    """

    source: Source
    key: str
    asker: str
    count: int
    requests: Resources
    constraints: Constraints = UNCONSTRAINED
    priority: int = 0
    age: float = 0.0
    is_fresh: bool = False
    policy: str = ""

    @property
    def words(self) -> str:
        """Who asks for how much, as people read it in Events and logs."""
        what = "copy" if self.source is Source.WINDOWS else "pod"
        plural = {"copy": "copies", "pod": "pods"}[what]
        return f"{self.asker} ({self.count} more {what if self.count == 1 else plural})"


@dataclass(frozen=True, slots=True)
class Window:
    """Room planned for by the clock: `schedule` is a cron line in UTC, `duration` and `lead` are seconds."""

    name: str
    schedule: str
    duration: float
    lead: float
    resources: Resources = field(default_factory=nothing)
    copies: int = 1
    nodes: LabelSelector = _ANYWHERE


@dataclass(frozen=True, slots=True)
class AnnouncedRules:
    """Which sources a policy takes; `timeout` is how many seconds room is held for one that nothing comes of."""

    sources: frozenset[Source] = DEFAULT_SOURCES
    timeout: float = 300.0
    windows: tuple[Window, ...] = ()

    def takes(self, announcement: Announcement) -> bool:
        """Say whether room is made for it."""
        return announcement.source in self.sources and announcement.age <= self.timeout


DEFAULT_RULES = AnnouncedRules()


def wanted_sources(rules: Iterable[AnnouncedRules]) -> frozenset[Source]:
    """Return the sources that any of these takes."""
    return frozenset(source for each in rules for source in each.sources)
