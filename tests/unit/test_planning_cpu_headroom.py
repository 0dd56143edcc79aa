"""Cores kept free for LS pods that lack only cores: as many as asked for, and at nobody's cost but growth."""

from dataclasses import replace

from planning_cases import GPU, creates, deletes, filler, node, paraset, policy, resizes, shape, snapshot

from paraset_operator.model.plan import Plan, Reason
from paraset_operator.planning.planner import plan

KEEPS = policy(cpu_headroom_percent=10)
# Of 100 cores a tenth is 10, which is one piece of 8.
LARGE = node("n1", cpu=100, memory=512, gpus=8)
BESIDE_GPUS = paraset("s", replace(shape("gpu", cpu=(4, 12), gpus=1), value=10.0))
CORES = paraset("s", shape(cpu=(1, 200)), ceiling=1)


def held_after(outcome: Plan, resource: str = "cpu") -> int:
    (report,) = outcome.nodes
    return report.filled[resource]


def test_growth_keeps_off_the_pieces() -> None:
    assert held_after(plan(snapshot(LARGE, sets=BESIDE_GPUS, policies=KEEPS))) == 92_000


def test_every_device_is_filled_all_the_same() -> None:
    crowded = node("n1", cpu=36, memory=512, gpus=8)
    keeps = policy(cpu_headroom_percent=50)
    outcome = plan(snapshot(crowded, sets=BESIDE_GPUS, policies=keeps))
    assert held_after(outcome, GPU) == 8


def test_a_missing_piece_is_made_by_a_shrink() -> None:
    running = filler(CORES, cpu=100)
    (shrink,) = resizes(plan(snapshot(LARGE, [running], CORES, KEEPS)))
    assert (shrink.reason, shrink.sizes["cpu"]) == (Reason.HEADROOM, 92_000)


def test_nobody_leaves_for_a_piece() -> None:
    rigid = paraset("s", shape(cpu=25), ceiling=4)
    running = [filler(rigid, index) for index in range(4)]
    outcome = plan(snapshot(LARGE, running, rigid, KEEPS))
    assert (deletes(outcome), resizes(outcome)) == ([], [])


def test_a_small_cluster_keeps_nothing() -> None:
    outcome = plan(snapshot(node("n1", cpu=79, memory=512), sets=CORES, policies=KEEPS))
    assert held_after(outcome) == 79_000


def test_planning_again_changes_nothing() -> None:
    running = filler(CORES, cpu=92)
    again = plan(snapshot(LARGE, [running], CORES, KEEPS))
    assert (creates(again), deletes(again), resizes(again)) == ([], [], [])
