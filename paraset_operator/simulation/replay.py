"""The pods of a table by their own times, on a few nodes: LS work comes and goes, and fillers live with it.

Of the whole trace only the busiest hours are replayed. A pod comes when it was created and, once bound, runs for as
long as it did; one that never ran in the trace is left out.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from paraset_operator.model.node import Node
from paraset_operator.simulation.audit import faults
from paraset_operator.simulation.fgd import (
    CATEGORIES,
    Floats,
    TargetWorkload,
    categories,
    fragment_rate,
    target_workload,
)
from paraset_operator.simulation.figures import Run, averaged, holdings_of
from paraset_operator.simulation.fleet import GPU, MODEL, fleet_of
from paraset_operator.simulation.ledger import Ledger
from paraset_operator.simulation.policies import FillerPolicy
from paraset_operator.simulation.rows import TraceError
from paraset_operator.simulation.runs import Outcome, burst, typical
from paraset_operator.simulation.scenario import Scenario
from paraset_operator.simulation.schedulers import SCHEDULERS
from paraset_operator.simulation.settings import Settings
from paraset_operator.simulation.timeline import Timeline
from paraset_operator.simulation.trace_tables import Task, TracePod
from paraset_operator.simulation.world import START, World, without_fillers

_HOUR = 3600.0
# Seconds between two looks at what is idle.
_LOOK = 600.0


@dataclass(frozen=True, slots=True)
class Visit:
    """A pod that comes at `when` and stays for `life`, in seconds from the beginning."""

    name: str
    task: Task
    when: float
    life: float


@dataclass(frozen=True, slots=True)
class Replay:
    """A cluster of a few nodes, and who comes there within `seconds`."""

    scenario: Scenario
    visits: tuple[Visit, ...]
    seconds: float

    @property
    def offered(self) -> float:
        """The LS load in percent of the GPUs, on average, if nobody had to wait."""
        asked = sum(
            visit.task.gpu_milli * max(0.0, min(visit.life, self.seconds - visit.when)) for visit in self.visits
        )
        gpus = sum(sum(node.devices.get(GPU, ())) for node in self.scenario.nodes)
        return round(100 * asked / (gpus * self.seconds), 1) if gpus else 0.0


def replayed(scenario: Scenario, count: int, model: str | None, hours: float, speed: float) -> Replay:
    """Return the replay of the busiest hours of a scenario's pods on `count` nodes of a GPU model."""
    nodes = _few_nodes(scenario.nodes, count, model)
    models = {node.labels.get(MODEL, "") for node in nodes}
    ran = [pod for pod in scenario.pods if pod.scheduled is not None and pod.created is not None]
    ran = [pod for pod in ran if not pod.task.models or models & set(pod.task.models)]
    if not ran:
        raise TraceError(
            "column scheduled_time: no pod that these nodes could run was ever scheduled: nothing to replay"
        )
    begin = _busiest(ran, hours * _HOUR)
    visits = [visit for pod in ran if (visit := _visit(pod, begin, hours * _HOUR, speed)) is not None]
    visits.sort(key=lambda visit: (visit.when, visit.name))
    return Replay(replace(scenario, nodes=nodes), tuple(visits), hours * _HOUR / speed)


def _few_nodes(nodes: Sequence[Node], count: int, model: str | None) -> tuple[Node, ...]:
    """Return `count` nodes like the commonest ones of a model, by default that with most GPUs."""
    gpus: Counter[str] = Counter()
    for node in nodes:
        gpus[node.labels.get(MODEL, "")] += node.allocatable.get(GPU, 0)
    chosen = model if model is not None else max(sorted(gpus), key=lambda name: gpus[name])
    alike = [node for node in nodes if node.labels.get(MODEL, "") == chosen]
    if not alike:
        raise TraceError(
            f"--node-model: no node has a GPU of model {chosen!r}: the nodes have {', '.join(sorted(gpus))}"
        )
    shapes = Counter(tuple(sorted(node.allocatable.items())) for node in alike)
    shape = max(shapes, key=lambda each: (shapes[each], each))
    pattern = next(node for node in alike if tuple(sorted(node.allocatable.items())) == shape)
    return tuple(replace(pattern, name=f"node-{number:0{len(str(count - 1))}d}") for number in range(count))


def _busiest(pods: Sequence[TracePod], seconds: float) -> float:
    """Return the full hour from which on the pods hold most GPU time within so many seconds."""
    spans = np.array([_span(pod) for pod in pods])
    weights = np.array([max(1, pod.task.gpu_milli) for pod in pods])
    begins = np.arange(spans[:, 0].min() // _HOUR * _HOUR, spans[:, 0].max() + 1, _HOUR)
    held = [
        float(
            (
                np.clip(np.minimum(spans[:, 1], begin + seconds) - np.maximum(spans[:, 0], begin), 0, None) * weights
            ).sum()
        )
        for begin in begins
    ]
    return float(begins[int(np.argmax(held))])


def _span(pod: TracePod) -> tuple[float, float]:
    """Return when a pod came and when it ended, never where the table does not say."""
    return float(pod.created or 0), float("inf") if pod.deleted is None else float(pod.deleted)


def _visit(pod: TracePod, begin: float, seconds: float, speed: float) -> Visit | None:
    came, ended = _span(pod)
    if ended <= begin or came >= begin + seconds:
        return None
    ran = ended - max(begin, float(pod.scheduled or 0))
    return Visit(pod.name, pod.task, max(0.0, came - begin) / speed, max(0.0, ran) / speed)


def replay(
    it: Replay, settings: Settings, policies: Sequence[FillerPolicy], on_run: Callable[[str], None]
) -> Iterator[Outcome]:
    """Yield the outcome of every run; figures are averages over the time."""
    for scheduler in settings.schedulers:
        for seed in range(settings.seeds):
            for policy in policies:
                on_run(f"{scheduler}, seed {seed}: {policy.name}")
                yield _outcome(it, settings, policy, scheduler, seed)


def _outcome(it: Replay, settings: Settings, policy: FillerPolicy, scheduler: str, seed: int) -> Outcome:
    fleet = fleet_of(it.scenario.nodes)
    workload = target_workload(visit.task for visit in it.visits)
    world, before = World(it.scenario.nodes, fleet), fleet.copy()
    ledger = Ledger()
    timeline = Timeline(world, policy, SCHEDULERS[scheduler](fleet, workload, seed), ledger, settings.exit_seconds)
    for visit in it.visits:
        timeline.arrival(START + visit.when, visit.name, visit.task, visit.life)
    idle = _IdleOverTime(world, workload)
    for when in np.arange(START + _LOOK, START + it.seconds, _LOOK):
        timeline.agenda.at(float(when), idle.look)
    burst(timeline, START + it.seconds / 2, typical([visit.task for visit in it.visits]), settings.burst)
    timeline.run(START + it.seconds)
    ledger.violations += faults(world)
    run = Run(
        policy.name,
        scheduler,
        seed,
        it.offered,
        averaged(timeline.samples, holdings_of(world)),
        idle.rate,
        ledger,
        timeline.unbound(),
        len(ledger.plan_seconds),
    )
    return Outcome(run, before, fleet, idle.categories, tuple(timeline.samples))


class _IdleOverTime:
    """What LS pods leave idle, fillers left out, as the average of several looks."""

    def __init__(self, world: World, workload: TargetWorkload) -> None:
        self._world, self._workload = world, workload
        self._rates: list[float] = []
        self._categories: list[Floats] = []

    def look(self) -> None:
        """Take in the present moment."""
        fleet = without_fillers(self._world)
        self._rates.append(fragment_rate(fleet, self._workload))
        self._categories.append(categories(fleet, self._workload))

    @property
    def rate(self) -> float:
        """The fragment rate f_N(M)."""
        return float(np.mean(self._rates)) if self._rates else 0.0

    @property
    def categories(self) -> Floats:
        """The idle GPUs by category."""
        return np.asarray(np.mean(self._categories, axis=0)) if self._categories else np.zeros(len(CATEGORIES))
