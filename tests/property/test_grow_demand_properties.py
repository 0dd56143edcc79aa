"""Room for LS pods that wait to grow in place: made once, never in vain, never for others."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from plan_clusters import CALM, NOW, SETTINGS, seeded
from planning_cases import deletes, snapshot
from planning_outcome import all_pods, applied, paced, scheduled

from paraset_operator.model.plan import Reason
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.resources import plus
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.planner import plan, plan_yield

SEEDS = st.integers(0, 10**9)
FULL = replace(CALM, fillers=30)
_FOR_ROOM = (Reason.NO_ROOM, Reason.YIELDS)


def with_growth(picture: Snapshot, cpu: int, priority: int) -> Snapshot:
    """Return the picture with all bound pods that are no fillers wanting so many half cores more."""
    pods = [
        _growing(pod, cpu, priority) if pod.node and not (pod.is_filler or pod.is_ending) else pod
        for pod in all_pods(picture)
    ]
    nodes = [state.node for state in picture.nodes]
    return snapshot(nodes, pods, picture.sets, picture.policies)


def _growing(pod: Pod, cpu: int, priority: int) -> Pod:
    more = {"cpu": 500 * cpu}
    wants = plus(pod.requests, more)
    return replace(pod, requests=wants, held=wants, wanting=more, resize=Resize.DEFERRED, priority=priority)


@SETTINGS
@given(SEEDS, st.integers(1, 8))
def test_the_urgent_path_decides_as_the_whole_plan_does(seed: int, cpu: int) -> None:
    picture = with_growth(seeded(seed, FULL), cpu, 10_000)
    assert plan_yield(picture, NOW) == plan(picture, moment=NOW).releases


@SETTINGS
@given(SEEDS, st.integers(1, 8))
def test_room_is_made_once(seed: int, cpu: int) -> None:
    picture = scheduled(with_growth(seeded(seed, FULL), cpu, 10_000))
    outcome = plan(picture, moment=NOW)
    again = plan(applied(picture, outcome), paced(outcome, now=NOW.monotonic), NOW)
    assert not again.releases
    assert not deletes(again)


@SETTINGS
@given(SEEDS, st.integers(1, 8))
def test_growth_of_lesser_work_drives_nobody_out(seed: int, cpu: int) -> None:
    """Where nobody else waits, who would then find less room."""
    picture = seeded(seed, replace(FULL, waiting=0))
    before, after = (
        [each for each in deletes(plan(with_growth(picture, more, -(10**9)), moment=NOW)) if each.reason in _FOR_ROOM]
        for more in (0, cpu)
    )
    assert len(after) <= len(before)
