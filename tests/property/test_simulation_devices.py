"""Whatever the cluster, the pods, the scheduler and the policy: no run holds more of a device than there is."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paraset_operator.simulation.fgd import TargetWorkload
from paraset_operator.simulation.fleet import Amount, fleet_of
from paraset_operator.simulation.policies import NAMES, Sizes, built_in
from paraset_operator.simulation.runs import simulate
from paraset_operator.simulation.scenario import Scenario, nodes_of_table
from paraset_operator.simulation.schedulers import SCHEDULERS
from paraset_operator.simulation.settings import Settings
from paraset_operator.simulation.trace_tables import Task, TraceNode, TracePod
from tests.simulation_cases import GIB, node, task, workload

SETTINGS = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def nodes(draw: st.DrawFn) -> list[TraceNode]:
    count = draw(st.integers(1, 4))
    return [
        node(
            f"n{index}",
            cpu=draw(st.sampled_from((0, 2, 8, 32))),
            memory=draw(st.sampled_from((2, 16, 128))),
            gpus=draw(st.sampled_from((0, 1, 2, 8))),
            model=draw(st.sampled_from(("", "T4", "G2"))),
        )
        for index in range(count)
    ]


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    gpu = draw(st.one_of(st.integers(0, 100).map(lambda part: part / 100), st.sampled_from((2, 4))))
    models = draw(st.sampled_from(((), (), ("T4",))))
    return task(draw(st.sampled_from((0.5, 1, 4))), gpu, draw(st.sampled_from((0, 1, 8))), models if gpu else ())


@SETTINGS
@given(
    cluster=nodes(),
    wanted=st.lists(tasks(), min_size=1, max_size=6),
    policy=st.sampled_from(NAMES),
    scheduler=st.sampled_from(list(SCHEDULERS)),
    arrived=st.sampled_from((0.0, 50.0, 100.0, 200.0)),
    share=st.integers(1, 1000),
    burst=st.sampled_from((0, 0, 3)),
    seed=st.integers(0, 3),
)
def test_no_run_over_commits_a_device(
    cluster: list[TraceNode],
    wanted: list[Task],
    policy: str,
    scheduler: str,
    arrived: float,
    share: int,
    burst: int,
    seed: int,
) -> None:
    scenario = Scenario(
        nodes_of_table(cluster), tuple(TracePod(f"p{index}", each) for index, each in enumerate(wanted * (seed + 1)))
    )
    sizes = Sizes(cpu=500, memory=GIB, fixed_gpu=share, fixed_cpu=1000, fixed_memory=GIB, replicas=200)
    chosen = Settings((scheduler,), (policy,), (arrived,), 1, sizes, burst)
    for outcome in simulate(scenario, chosen, [built_in(policy, sizes)], lambda _what: None):
        assert outcome.run.ledger.violations == []
        held = outcome.run.holdings
        assert held.gpus_ls + held.gpus_filled <= held.gpus + 1e-9
        assert held.cores_ls + held.cores_filled <= held.cores + 1e-9


@SETTINGS
@given(cluster=nodes(), wanted=st.lists(tasks(), min_size=1, max_size=6), data=st.data())
def test_every_scheduler_places_a_task_on_devices_that_have_the_room(
    cluster: list[TraceNode], wanted: list[Task], data: st.DataObject
) -> None:
    fleet = fleet_of(nodes_of_table(cluster))
    common: TargetWorkload = workload(*wanted)
    chosen = SCHEDULERS[data.draw(st.sampled_from(list(SCHEDULERS)))](fleet, common, 0)
    for each in wanted * 5:
        choice = chosen.choose(each)
        assert (choice is None) == (not fleet.fitting(each).any())
        if choice is not None:
            amount = Amount(each.cpu, each.memory, 1, choice[1])
            assert fleet.fits(choice[0], amount)
            assert sum(part for _, part in choice[1]) == each.gpu_milli
            fleet.take(choice[0], amount)
