"""A cluster in motion: LS pods wait for as long as victims take to go, and nobody goes who need not."""

import json
from pathlib import Path

import pytest

from paraset_operator.simulation.ledger import Ledger
from paraset_operator.simulation.policies import FillerPolicy, Sizes, built_in
from paraset_operator.simulation.preemption import by_importance, by_size, victims_on
from paraset_operator.simulation.scenario import nodes_of_table
from paraset_operator.simulation.schedulers import SCHEDULERS
from paraset_operator.simulation.timeline import Timeline
from paraset_operator.simulation.trace_tables import Task, TraceNode
from paraset_operator.simulation.world import START, World
from tests.simulation_cases import (
    GIB,
    POD_HEADER,
    TIMES,
    fleet,
    node,
    runs_of,
    table,
    task,
    without_times,
    workload,
    written,
)

EXIT = 10.0
ONE_GPU = Sizes(fixed_cpu=8000, fixed_memory=8 * GIB)


class Stage:
    """Nodes, a policy, and LS pods that come at given seconds."""

    def __init__(self, *nodes: TraceNode, policy: str = "fixed", sizes: Sizes = ONE_GPU) -> None:
        self.world = World(nodes_of_table(nodes), fleet(*nodes))
        self.ledger = Ledger()
        chosen: FillerPolicy = built_in(policy, sizes)
        scheduler = SCHEDULERS["best-fit"](self.world.fleet, workload(task(gpu=1)), 0)
        self.timeline = Timeline(self.world, chosen, scheduler, self.ledger, EXIT)

    def play(self, seconds: float, *arrivals: tuple[float, Task, float | None]) -> "Stage":
        for number, (when, wanted, life) in enumerate(arrivals):
            self.timeline.arrival(START + when, f"ls-{number}", wanted, life)
        self.timeline.run(START + seconds)
        return self


def test_an_ls_pod_that_fits_beside_fillers_does_not_wait_and_evicts_nobody() -> None:
    stage = Stage(node("a", cpu=64, gpus=1), node("b", cpu=64)).play(60, (30, task(cpu=16), None))
    assert (stage.ledger.waits, stage.ledger.evictions, stage.ledger.evictions_needed) == ([0.0], 0, 0)


def test_native_preemption_makes_an_ls_pod_wait_for_its_victim_to_exit() -> None:
    stage = Stage(node("a", cpu=64, memory=256, gpus=4)).play(60, (30, task(cpu=4, gpu=1), None))
    assert stage.ledger.waits == [EXIT]
    assert (stage.ledger.evictions, stage.ledger.evictions_needed) == (1, 1)
    assert stage.ledger.lost_gpu_seconds == 30.0


def test_work_lost_is_counted_from_the_last_checkpoint() -> None:
    sizes = Sizes(fixed_cpu=8000, fixed_memory=8 * GIB, checkpoint_seconds=20)
    stage = Stage(node("a", cpu=64, memory=256, gpus=4), sizes=sizes).play(60, (30, task(cpu=4, gpu=1), None))
    assert stage.ledger.lost_gpu_seconds == 10.0


@pytest.mark.parametrize("policy", ["fixed", "replicas", "shapes", "full"])
def test_fillers_come_back_when_ls_work_has_gone(policy: str) -> None:
    stage = Stage(node("a", cpu=64, memory=256, gpus=4), policy=policy)
    stage.play(400, (50, task(cpu=4, gpu=4), 100))
    samples = stage.timeline.samples
    assert min(sample.fillers for sample in samples if sample.time > START + 50) == 0
    assert samples[-1].fillers == 4
    assert stage.ledger.violations == []
    assert stage.timeline.unbound() == 0


@pytest.mark.parametrize("policy", ["replicas", "shapes", "full"])
def test_the_operator_keeps_off_a_reclaimed_node_for_its_cool_down_and_a_deployment_does_not(policy: str) -> None:
    for name, back_after in ((policy, 60), ("fixed", 0)):
        stage = Stage(node("a", cpu=64, memory=256, gpus=1), policy=name).play(300, (50, task(cpu=4, gpu=1), 20))
        back = next(it.time for it in stage.timeline.samples if it.time > START + 50 + EXIT and it.fillers > 0)
        assert back >= START + 50 + max(back_after, EXIT + 20)
        assert back <= START + 50 + max(back_after, EXIT + 20) + 5


def test_growth_is_given_back_before_anybody_has_to_go() -> None:
    stage = Stage(node("a", cpu=64, memory=256), policy="full").play(60, (30, task(cpu=60, memory=200), None))
    assert (stage.ledger.waits, stage.ledger.evictions, stage.ledger.evictions_needed) == ([0.0], 0, 0)


def test_an_ls_pod_that_fits_on_no_empty_node_waits_and_evicts_nobody() -> None:
    for policy in ("fixed", "full"):
        stage = Stage(node("a", cpu=8, memory=256, gpus=1), policy=policy).play(60, (30, task(cpu=9, gpu=1), None))
        assert (stage.timeline.unbound(), stage.ledger.evictions) == (1, 0)


def test_a_pod_that_ends_makes_way_for_one_that_waits() -> None:
    stage = Stage(node("a", cpu=8, gpus=1), policy="none")
    stage.play(100, (10, task(cpu=8, gpu=1), 50), (20, task(cpu=8, gpu=1), None))
    assert stage.ledger.waits == [0.0, 40.0]


def test_preemption_spares_who_runs_longest_and_finds_whole_devices() -> None:
    stage = Stage(node("a", cpu=64, memory=256, gpus=4), sizes=Sizes(fixed_gpu=500, fixed_cpu=1000, fixed_memory=GIB))
    world = stage.play(5).world
    fillers = [pod for pod in world.pods() if pod.is_filler]
    assert len(fillers) == 8
    victims = victims_on(world, 0, {"cpu": 1000, "alibabacloud.com/gpu-milli": 1000}, [], by_importance(fillers), _held)
    assert victims is not None
    assert len({share.device for pod in victims for share in pod.on_devices}) == 1
    assert len(victims) == 2
    assert victims_on(world, 0, {"cpu": 65_000}, [], by_size(fillers), _held) is None


def _held(pod: object) -> dict[str, int]:
    return dict(pod.held)  # type: ignore[attr-defined]


def _burst_options(folder: Path) -> list[str]:
    return [*written(folder), "--arrived", "50", "--burst", "6", "--exit", "10"]


def test_a_burst_waits_for_victims_only_where_there_are_fillers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = {run["policy"]: run for run in runs_of(capsys, *_burst_options(tmp_path))}
    assert (runs["none"]["ls_wait_p99_s"], runs["none"]["evictions"]) == (0.0, 0)
    for policy in ("fixed", "replicas", "shapes", "full"):
        assert runs[policy]["violations"] == 0
        assert runs[policy]["ls_waiting"] == runs["none"]["ls_waiting"]
        assert runs[policy]["evictions"] >= runs[policy]["evictions_needed"]


def test_a_burst_is_the_same_for_the_same_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [*_burst_options(tmp_path), "--policy", "fixed,full"]
    first, second = (runs_of(capsys, *options) for _ in range(2))
    assert list(map(without_times, first)) == list(map(without_times, second))


def replay_pods() -> str:
    """Return pods of several days: two a quiet one, many within one hour of the last, one that never ran."""
    rows = [("early", 2000, 1024, 1, 500, "", "LS", 0, 4000, 10), ("batch", 2000, 1024, 1, 1000, "", "BE", 0, 10**6, 0)]
    rows += [
        (f"busy-{i}", 4000, 8192, 1, 1000, "", "LS", 90_000 + 60 * i, 93_000 + 60 * i, 90_000 + 60 * i)
        for i in range(20)
    ]
    rows.append(("never", 2000, 1024, 1, 500, "", "LS", 90_000, 95_000, ""))
    return table((*POD_HEADER, *TIMES), *rows)


def test_a_replay_takes_the_busiest_hours_and_leaves_out_who_never_ran_or_is_best_effort(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [*written(tmp_path, pods=replay_pods()), "--replay", "--hours", "2", "--node-count", "4"]
    options += ["--policy", "none,fixed,full"]
    runs = {run["policy"]: run for run in runs_of(capsys, *options)}
    assert runs["none"]["gpus"] == 16
    # 20 pods of one GPU, 3,000 s each, in two hours of 16 GPUs.
    assert runs["none"]["arrived"] == pytest.approx(100 * 20 * 3000 / (16 * 7200), abs=0.1)
    assert runs["none"]["gpus_ls"] == pytest.approx(20 * 3000 / 7200, rel=0.01)
    assert runs["full"]["gpus_filled"] > 0.9 * runs["fixed"]["gpus_filled"] > 0
    assert all(run["violations"] == 0 for run in runs.values())
    assert json.dumps(runs)


def test_a_replay_asks_for_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from paraset_operator.cli import main  # noqa: PLC0415

    assert main(["simulate", *written(tmp_path), "--replay"]) == 2
    assert "pods.csv: row 1: column creation_time is missing" in capsys.readouterr().err
