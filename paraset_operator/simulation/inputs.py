"""From the command line to a scenario: which files are read, and what takes the place of one that is not named."""

import argparse
from collections.abc import Collection
from dataclasses import replace

from paraset_operator.simulation.policies import FillerPolicy, Sizes, built_in, given
from paraset_operator.simulation.rows import TraceError
from paraset_operator.simulation.scenario import Scenario, dumped, nodes_of_table, own_sets
from paraset_operator.simulation.settings import Settings
from paraset_operator.simulation.trace_tables import OPENB_GPU_NODES, OPENB_PODS, TracePod, read_nodes, read_pods
from paraset_operator.simulation.world import task_of

_WITH_OWN_SETS = ("none", "full")


def scenario_of(options: argparse.Namespace) -> Scenario:
    """Return what the options name; raise TraceError or OfflineError."""
    base = dumped(options.cluster) if options.cluster else _of_table(options.nodes or OPENB_GPU_NODES)
    if options.node_count and not options.replay:
        base = _thinned(base, options.node_count)
    pods = _pods(options, base)
    sets, policies = own_sets(options.files)
    return replace(base, pods=pods, sets=sets or base.sets, policies=policies or base.policies)


def _of_table(path: str) -> Scenario:
    return Scenario(nodes_of_table(read_nodes(path)))


def _thinned(base: Scenario, count: int) -> Scenario:
    """Return a scenario with `count` of its nodes, evenly spread, so that the mix stays; with the pods on them."""
    total = len(base.nodes)
    kept = [index * total // min(count, total) for index in range(min(count, total))]
    place = {old: new for new, old in enumerate(kept)}
    residents = [replace(each, node=place[each.node]) for each in base.residents if each.node in place]
    return replace(base, nodes=tuple(base.nodes[index] for index in kept), residents=tuple(residents))


def _pods(options: argparse.Namespace, base: Scenario) -> tuple[TracePod, ...]:
    """Return the pods to draw from: those of the table, or, of a dump, those that are there."""
    if options.cluster and not options.pods:
        return tuple(TracePod(each.pod.key, task_of(each.pod.requests)) for each in base.residents)
    path = options.pods or OPENB_PODS
    timed, with_qos = options.replay, options.replay or options.without_be
    pods = read_pods(path, base.models, timed=timed, with_qos=with_qos)
    kept = [pod for pod in pods if not (with_qos and pod.is_best_effort)]
    if not kept:
        raise TraceError(f"{path}: column qos: every pod is BE, which is left out: nobody is latency-sensitive")
    if not any(pod.task.cpu or pod.task.gpus for pod in kept):
        raise TraceError(f"{path}: column cpu_milli: no pod asks for any CPU or GPU: there is nothing to schedule")
    return tuple(kept)


def sizes_of(options: argparse.Namespace) -> Sizes:
    """Return what fillers are made of."""
    return Sizes(
        cpu=options.filler_cpu,
        memory=options.filler_memory,
        fixed_gpu=options.fixed_gpu,
        fixed_cpu=options.fixed_cpu,
        fixed_memory=options.fixed_memory,
        replicas=options.replicas,
        checkpoint_seconds=options.checkpoint,
    )


def settings_of(options: argparse.Namespace, scenario: Scenario) -> Settings:
    """Return which runs to make; of a dump without a table of pods, the cluster as it is."""
    default = Settings()
    as_it_is = options.cluster and not options.pods and not options.arrived
    policies = options.policies or (_WITH_OWN_SETS if scenario.sets else default.policies)
    return Settings(
        schedulers=_distinct(options.schedulers or default.schedulers),
        policies=_distinct(policies),
        arrived=(0.0,) if as_it_is else tuple(sorted(set(options.arrived or default.arrived))),
        seeds=options.seeds,
        sizes=sizes_of(options),
        burst=options.burst,
        exit_seconds=options.exit_seconds,
    )


def policies_of(settings: Settings, scenario: Scenario) -> list[FillerPolicy]:
    """Return the filler policies by name, with a user's own sets where there are any."""
    if scenario.sets:
        return [given(name, scenario.sets, scenario.policies, settings.sizes) for name in settings.policies]
    built = [built_in(name, settings.sizes) for name in settings.policies]
    return [replace(each, policies=scenario.policies or each.policies) for each in built]


def _distinct(names: Collection[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
