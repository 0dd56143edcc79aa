"""Filling a cluster that stands still: what each policy holds, that it is sound, and that it is repeatable."""

from dataclasses import replace
from pathlib import Path

import pytest

from paraset_operator.model.plan import CreatePod, Plan
from paraset_operator.simulation import operator
from paraset_operator.simulation.audit import faults
from paraset_operator.simulation.filling import fill
from paraset_operator.simulation.ledger import Ledger
from paraset_operator.simulation.policies import NAMES, SHARES, WHOLE, FillerPolicy, Sizes, built_in
from paraset_operator.simulation.runs import Outcome, simulate, typical
from paraset_operator.simulation.scenario import Scenario, nodes_of_table
from paraset_operator.simulation.schedulers import SCHEDULERS
from paraset_operator.simulation.settings import Settings
from paraset_operator.simulation.trace_tables import TracePod
from paraset_operator.simulation.world import GPU, World, task_of
from tests.simulation_cases import GIB, fleet, node, runs_of, task, without_times, workload, written

TASKS = [
    task(cpu=2, gpu=0.47, memory=4),
    task(cpu=4, gpu=0.81, memory=8),
    task(cpu=6, gpu=1, memory=16),
    task(cpu=3, memory=8),
]
# fmt: off
FIELDS = [
    "policy", "scheduler", "seed", "arrived", "gpus", "gpus_ls", "gpus_idle", "gpus_filled", "cores_idle",
    "cores_filled", "fragment_rate", "ls_wait_p99_s", "evictions", "evictions_needed", "lost_gpu_s", "plan_ms_p50",
    "plan_ms_p99",
]
# fmt: on


def scenario(*nodes: object, tasks: object = None) -> Scenario:
    cluster = nodes or tuple(node(f"n{index}", cpu=32, memory=128, gpus=4) for index in range(5))
    pods = tuple(TracePod(f"p{index}", each) for index, each in enumerate(tasks or TASKS))  # type: ignore[arg-type, call-overload]
    return Scenario(nodes_of_table(cluster), pods)  # type: ignore[arg-type]


def outcomes(policies: tuple[str, ...] = NAMES, sizes: Sizes | None = None, **settings: object) -> dict[str, Outcome]:
    chosen = Settings(policies=policies, **settings)  # type: ignore[arg-type]
    fillers = [built_in(name, sizes or Sizes()) for name in policies]
    return {it.run.policy: it for it in simulate(scenario(), chosen, fillers, lambda _what: None)}


def filled(world: World, policy: FillerPolicy) -> Ledger:
    ledger = Ledger()
    fill(world, policy, SCHEDULERS["best-fit"](world.fleet, workload(*TASKS), 0), ledger)
    return ledger


def world(*nodes: object) -> World:
    cluster = nodes_of_table(nodes)  # type: ignore[arg-type]
    return World(cluster, fleet(*nodes))  # type: ignore[arg-type]


@pytest.mark.parametrize("arrived", [40.0, 80.0, 100.0])
def test_more_freedom_never_fills_fewer_gpus(arrived: float) -> None:
    held = {name: it.run.holdings.gpus_filled for name, it in outcomes(arrived=(arrived,)).items()}
    assert held["none"] == 0
    assert held["full"] >= held["shapes"] - 1e-9
    assert held["shapes"] >= held["replicas"] >= 0
    assert held["shapes"] > 0
    assert held["fixed"] == held["replicas"]


def test_only_the_full_filler_puts_cores_to_use_where_no_gpu_is_left() -> None:
    by_policy = outcomes(arrived=(100.0,))
    idle = by_policy["none"].run.holdings
    assert by_policy["full"].run.holdings.cores_filled > 0.9 * (idle.cores - idle.cores_ls)
    assert by_policy["shapes"].run.holdings.cores_filled < 0.5 * (idle.cores - idle.cores_ls)


def test_every_policy_starts_from_the_same_state_and_leaves_it_as_it_was() -> None:
    by_policy = outcomes(arrived=(90.0,))
    assert len({it.run.holdings.gpus_ls for it in by_policy.values()}) == 1
    assert len({it.before.gpu.tobytes() for it in by_policy.values()}) == 1
    assert (by_policy["none"].before.gpu == by_policy["none"].after.gpu).all()


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_nothing_holds_more_than_there_is_under_any_scheduler(scheduler: str) -> None:
    for outcome in outcomes(schedulers=(scheduler,), arrived=(70.0, 100.0)).values():
        assert outcome.run.ledger.violations == []


def test_smaller_fillers_fit_where_larger_ones_do_not() -> None:
    held = [
        outcomes(("full",), Sizes(cpu=cpu, memory=memory), arrived=(100.0,))["full"].run.holdings.gpus_filled
        for cpu, memory in ((4000, 16 * GIB), (1000, 4 * GIB), (250, GIB))
    ]
    assert held == sorted(held)


def test_the_fixed_shape_is_placed_as_often_as_asked_for_and_as_it_fits() -> None:
    cluster = [node("a", cpu=20, gpus=4), node("b", cpu=64, gpus=1), node("c", cpu=64)]
    sizes = Sizes(fixed_gpu=500, fixed_cpu=8000, fixed_memory=GIB)
    for replicas, placed in ((10_000, 4), (3, 3)):
        it = world(*cluster)
        filled(it, built_in("fixed", replace(sizes, replicas=replicas)))
        assert sum(pod.is_filler for pod in it.pods()) == placed
        assert faults(it) == []


def test_a_create_that_fits_no_device_is_counted_and_not_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    it, policy = world(node("a", memory=128, gpus=2)), built_in("replicas", Sizes(fixed_gpu=700, fixed_cpu=1000))
    owner = policy.sets[0]
    creates = tuple(
        CreatePod(owner, "fixed", index, "a", owner.shapes[0].fixed, owner.shapes[0].smallest) for index in range(3)
    )
    plans = iter([Plan(actions=creates), Plan()])
    monkeypatch.setattr(operator, "plan", lambda *_: next(plans))
    ledger = filled(it, policy)
    assert ledger.violations == ["best-effort/replicas-2 does not fit on a"]
    assert sum(bool(pod.node) for pod in it.pods()) == 2
    assert faults(it) == []


def test_the_audit_finds_devices_that_are_held_twice() -> None:
    it = world(node("a", cpu=32, gpus=2))
    for index in range(2):
        it.bind(it.arrive(f"ls-{index}", task(gpu=0.7)), 0, ((1, 700),))
    assert "a: device 1 holds 1400 of 1000" in faults(it)


def test_the_audit_finds_pods_whose_devices_do_not_add_up() -> None:
    it = world(node("a", cpu=32, gpus=2))
    it.bind(it.arrive("ls-0", task(gpu=0.7)), 0, ((0, 400), (1, 300)))
    assert "ls/ls-0: asks for 700 of GPUs and holds [300, 400]" in faults(it)


def test_shapes_ask_for_a_part_of_one_gpu_or_for_whole_ones() -> None:
    assert list(SHARES) == sorted(set(SHARES))
    assert all(50 <= share < 1000 and share % 10 == 0 for share in SHARES)
    assert 28 <= len(SHARES) + len(WHOLE) <= 40
    names = [shape.name for shape in built_in("full", Sizes()).sets[0].shapes]
    assert len(names) == len(set(names)) == len(SHARES) + len(WHOLE) + 1


def test_requests_become_tasks_and_tasks_requests() -> None:
    for wanted in (*TASKS, task(gpu=2), task(gpu=0.05)):
        assert task_of({"cpu": wanted.cpu, "memory": wanted.memory, GPU: wanted.gpu_milli}) == wanted


def test_the_typical_task_is_the_commonest_that_asks_for_a_gpu() -> None:
    assert typical([task(cpu=1)] * 5 + [task(gpu=1)] * 2 + [task(gpu=0.5)] * 3) == task(gpu=0.5)
    assert typical([task(cpu=1)] * 2 + [task(cpu=2)]) == task(cpu=1)


def test_the_json_has_all_fields_and_is_the_same_for_the_same_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [*written(tmp_path), "--policy", "none,fixed,full", "--arrived", "60,100", "--seeds", "2"]
    first, second = (runs_of(capsys, *options, "--scheduler", "random") for _ in range(2))
    assert list(map(without_times, first)) == list(map(without_times, second))
    assert len(first) == 3 * 2 * 2
    for run in first:
        assert list(run)[: len(FIELDS)] == FIELDS
        assert run["gpus_idle"] == pytest.approx(run["gpus"] - run["gpus_ls"])
        assert 0 <= run["gpus_filled"] <= run["gpus_idle"] + 1e-9
        assert 0 <= run["cores_filled"] <= run["cores_idle"] + 1e-9
        assert 0 <= run["fragment_rate"] <= 1
        assert run["violations"] == 0
    assert {run["seed"] for run in first} == {0, 1}
    assert {run["arrived"] for run in first} == {60.0, 100.0}


def test_more_load_is_the_same_load_and_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [*written(tmp_path), "--policy", "none"]
    alone = runs_of(capsys, *options, "--arrived", "80")[0]
    among = {run["arrived"]: run for run in runs_of(capsys, *options, "--arrived", "100,80,40")}
    assert without_times(among[80.0]) == without_times(alone)
    assert among[40.0]["gpus_ls"] < among[80.0]["gpus_ls"] <= among[100.0]["gpus_ls"]


def test_load_is_measured_by_cores_where_there_are_no_gpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = "sn,cpu_milli,memory_mib,gpu,model\n" + "".join(f"n{i},16000,65536,0,\n" for i in range(4))
    run = runs_of(capsys, *written(tmp_path, nodes), "--policy", "full", "--arrived", "50")[0]
    assert (run["gpus"], run["gpus_filled"], run["fragment_rate"]) == (0.0, 0.0, 0.0)
    assert 24 <= run["cores_idle"] <= 64
    assert run["cores_filled"] > 0.9 * run["cores_idle"]
