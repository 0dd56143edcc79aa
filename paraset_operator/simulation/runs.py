"""All runs of a simulation, one after the other.

For each scheduler and seed LS work arrives once; at each load asked for, every policy fills a copy of the same state.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from paraset_operator.model.pod import Pod
from paraset_operator.simulation.audit import faults
from paraset_operator.simulation.fgd import Floats, TargetWorkload, categories, fragment_rate, target_workload
from paraset_operator.simulation.figures import Run, holdings_of
from paraset_operator.simulation.filling import fill
from paraset_operator.simulation.fleet import Fleet, fleet_of
from paraset_operator.simulation.inflation import Inflation
from paraset_operator.simulation.ledger import Ledger
from paraset_operator.simulation.policies import FillerPolicy
from paraset_operator.simulation.scenario import Scenario
from paraset_operator.simulation.schedulers import SCHEDULERS
from paraset_operator.simulation.settings import Settings
from paraset_operator.simulation.timeline import Sample, Timeline
from paraset_operator.simulation.trace_tables import Task
from paraset_operator.simulation.world import World, task_of

# An LS burst arrives within so many seconds and runs for so long; the simulation goes on for a while.
_BURST_SECONDS, _BURST_LIFE, _AFTERWARDS = 60.0, 240.0, 180.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run with what its figures show: the state before and after filling, and what happened over time."""

    run: Run
    before: Fleet
    after: Fleet
    fragments: Floats
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """LS pods on their nodes: what every policy starts from."""

    scheduler: str
    seed: int
    arrived: float
    fleet: Fleet
    pods: tuple[Pod, ...]
    tasks: Mapping[str, Task]
    workload: TargetWorkload


def states(scenario: Scenario, settings: Settings, scheduler: str, seed: int) -> Iterator[State]:
    """Yield the state at each load asked for, from the lowest on."""
    fleet = fleet_of(scenario.nodes)
    workload = target_workload(scenario.tasks)
    inflation = Inflation(fleet, SCHEDULERS[scheduler](fleet, workload, seed), scenario.tasks, seed)
    world = World(scenario.nodes, fleet)
    for resident in scenario.residents:
        world.settle(resident.pod, resident.devices)
    inflation.begin_with(task_of(pod.held) for pod in world.pods())
    for percent in sorted(set(settings.arrived)):
        known = len(inflation.bound)
        inflation.grow(percent)
        for number, bound in enumerate(inflation.bound[known:], start=known):
            fleet.give(bound.node, bound.amount)
            world.bind(world.arrive(f"ls-{number:06d}", bound.task), bound.node, bound.amount.devices)
        yield State(scheduler, seed, percent, fleet.copy(), tuple(world.pods()), dict(world.tasks), workload)


def simulate(
    scenario: Scenario, settings: Settings, policies: Sequence[FillerPolicy], on_run: Callable[[str], None]
) -> Iterator[Outcome]:
    """Yield the outcome of every run; `on_run` is told of each before it begins."""
    for scheduler in settings.schedulers:
        for seed in range(settings.seeds):
            for state in states(scenario, settings, scheduler, seed):
                for policy in policies:
                    on_run(f"{scheduler}, seed {seed}, {state.arrived:g} %: {policy.name}")
                    yield _outcome(scenario, settings, state, policy)


def _outcome(scenario: Scenario, settings: Settings, state: State, policy: FillerPolicy) -> Outcome:
    world = World(scenario.nodes, state.fleet.copy())
    world.resume(state.pods, state.tasks)
    scheduler = SCHEDULERS[state.scheduler](world.fleet, state.workload, state.seed)
    ledger = Ledger()
    plans = fill(world, policy, scheduler, ledger)
    held, after = holdings_of(world), world.fleet.copy()
    samples: tuple[Sample, ...] = ()
    waiting = 0
    if settings.burst:
        timeline = Timeline(world, policy, scheduler, ledger, settings.exit_seconds)
        burst(timeline, world.now, typical(scenario.tasks), settings.burst)
        timeline.run(world.now + _BURST_SECONDS + _BURST_LIFE + _AFTERWARDS)
        samples, waiting = tuple(timeline.samples), timeline.unbound()
    ledger.violations += faults(world)
    run = Run(
        policy.name,
        state.scheduler,
        state.seed,
        state.arrived,
        held,
        fragment_rate(state.fleet, state.workload),
        ledger,
        waiting,
        plans,
    )
    return Outcome(run, state.fleet, after, categories(state.fleet, state.workload), samples)


def burst(timeline: Timeline, begin: float, task: Task, count: int) -> None:
    """Let so many LS pods come within a minute."""
    for number in range(count):
        when = begin + _BURST_SECONDS * (number + 1) / count
        timeline.arrival(when, f"burst-{number:04d}", task, _BURST_LIFE)


def typical(tasks: Sequence[Task]) -> Task:
    """Return the commonest task that asks for a GPU, or the commonest of all; the first of equals."""
    counts = Counter(tasks)
    return max(counts, key=lambda task: (task.gpus > 0, counts[task]))
