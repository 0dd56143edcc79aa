"""Nodes that are sized as plain numbers end up as if each had been a working object."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_clusters import ANY, ANY_DEVICES, NOW, SETTINGS, Kind, seeded
from planning_cases import ls, snapshot
from planning_outcome import all_pods, applied

from paraset_operator.model.plan import Plan
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning import draft
from paraset_operator.planning.planner import Planner

KINDS = st.sampled_from([ANY, ANY_DEVICES])
SEEDS = st.integers(0, 2**32)


def by_rooms(picture: Snapshot) -> Plan:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draft, "is_plain", lambda _ground, _rows, at, _new: np.zeros(len(at), dtype=bool))
        return Planner().plan(picture, moment=NOW)


def filled(seed: int, kind: Kind) -> Snapshot:
    """Return a cluster that a plan was carried out in."""
    picture = seeded(seed, kind)
    return applied(picture, Planner().plan(picture, moment=NOW))


@SETTINGS
@given(SEEDS, KINDS)
def test_the_plan_is_the_same(seed: int, kind: Kind) -> None:
    picture = seeded(seed, kind)
    assert repr(Planner().plan(picture, moment=NOW)) == repr(by_rooms(picture))


@SETTINGS
@given(SEEDS, KINDS)
def test_the_plan_is_the_same_where_others_went(seed: int, kind: Kind) -> None:
    picture = filled(seed, kind)
    fillers = [pod for pod in all_pods(picture) if pod.is_filler]
    picture = snapshot([state.node for state in picture.nodes], fillers, picture.sets, picture.policies)
    assert repr(Planner().plan(picture, moment=NOW)) == repr(by_rooms(picture))


@SETTINGS
@given(SEEDS, KINDS)
def test_the_plan_is_the_same_where_others_came(seed: int, kind: Kind) -> None:
    picture = filled(seed, kind)
    more = [ls(f"more-{at}", cpu=at % 4 + 0.5, node=state.node.name) for at, state in enumerate(picture.nodes)]
    nodes = [state.node for state in picture.nodes]
    picture = snapshot(nodes, [*all_pods(picture), *more], picture.sets, picture.policies)
    assert repr(Planner().plan(picture, moment=NOW)) == repr(by_rooms(picture))
