"""What was found for one LS pod is looked at again for the next when it may have become dearer."""

from dataclasses import replace

from planning_cases import filler, ls, node, paraset, shape, snapshot

from paraset_operator.model.policy import DEFAULT_POLICY
from paraset_operator.planning.lost_work import Standing
from paraset_operator.planning.prospects import Search
from paraset_operator.planning.rooms import Rooms
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.victim_rows import VictimRows

NOW = 1000.0
ONE, TWO = shape("one", cpu=1, gpus=1), shape("two", cpu=1, gpus=2)
MINE = paraset("mine", ONE, TWO, floor=1)
OTHER = paraset("other", TWO)
# The old one loses most, but releases no device beyond the need.
PODS = [
    filler(MINE, 0, "n1", "one", started=100.0, created=100.0),
    filler(MINE, 1, "n2", "two", started=900.0, created=900.0),
    filler(OTHER, 0, "n3", "two", started=900.0, created=900.0),
]


def test_a_set_that_has_come_to_its_minimum_meanwhile_is_spared() -> None:
    nodes = [node("n1", gpus=1), node("n2", gpus=2), node("n3", gpus=2)]
    picture = snapshot(nodes, PODS, [MINE, OTHER])
    owners, survey = {owner.uid: owner for owner in picture.sets}, Survey()
    survey.look(picture.nodes, picture.sets, (DEFAULT_POLICY,))
    rooms, rows = Rooms(survey, owners), VictimRows(survey)
    rooms.rank(Standing({MINE.uid: 2, OTHER.uid: 1}, {MINE.uid: 1}, {MINE.uid: 0, OTHER.uid: 1}))
    rows.catch_up(owners)
    prospects = Search(rooms, rows, owners, NOW).of(replace(ls("ls", gpus=1), priority=0))

    first = prospects.cheapest()
    assert first is not None
    assert first[1].name == "n1"
    first[1].release(first[0].victims[0])
    first[1].promise(ls("ls", gpus=1).requests)

    second = prospects.cheapest()
    assert second is not None
    assert second[1].name == "n3"
