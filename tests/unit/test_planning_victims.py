"""Who gives room back on one node."""

from dataclasses import replace

from planning_cases import GPU, amounts, filler, node, owners_of, paraset, pending, refused, room, shape, shrinking

from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.victims import Sacrifice, sacrifice_for, slack_of

NOW = 1000.0
SET = paraset("s", shape(cpu=4))
GPUS = paraset("g", *(shape(f"g{count}", cpu=1, gpus=count) for count in (1, 2, 3, 4, 8)))
ELASTIC = paraset("e", shape(cpu=(1, 8)))


def offer(need: dict[str, int], pods: list[Pod], *sets: ParaSetView, cpu: float = 8, gpus: int = 0) -> Sacrifice | None:
    sets = sets or (SET,)
    return sacrifice_for(need, room(node(cpu=cpu, gpus=gpus), pods, sets), owners_of(sets), NOW)


def victims(need: dict[str, int], pods: list[Pod], *sets: ParaSetView, cpu: float = 8, gpus: int = 0) -> list[str]:
    found = offer(need, pods, *sets, cpu=cpu, gpus=gpus)
    assert found is not None
    return [pod.name for pod in found.victims]


def test_who_lost_least_goes_first() -> None:
    pods = [filler(SET, 0, started=100.0), filler(SET, 1, started=900.0)]
    assert victims(amounts(cpu=4), pods) == ["s-1"]


def test_a_checkpoint_makes_an_old_filler_the_cheaper_one() -> None:
    careful = replace(SET, name="c", uid="uid-c", checkpoint_seconds=300)
    pods = [filler(SET, 0, started=900.0), filler(careful, 0, started=95.0)]
    assert victims(amounts(cpu=4), pods, SET, careful) == ["c-0"]


def test_of_equal_losses_the_youngest_goes_first() -> None:
    pods = [filler(SET, 0, created=90.0), filler(SET, 1, created=95.0)]
    assert victims(amounts(cpu=4), pods) == ["s-1"]


def test_of_equal_fillers_the_first_by_name_goes() -> None:
    assert victims(amounts(cpu=4), [filler(SET, 1), filler(SET, 0)]) == ["s-0"]


def test_the_filler_that_releases_fewest_devices_beyond_the_need_goes() -> None:
    pods = [filler(GPUS, 0, shape="g8", started=999.0), filler(GPUS, 1, shape="g1", started=1.0)]
    assert victims(amounts(gpus=1), pods, GPUS, gpus=9) == ["g-1"]


def test_a_victim_that_a_later_one_made_needless_is_taken_back() -> None:
    pods = [filler(GPUS, 0, shape="g3", started=999.0), filler(GPUS, 1, shape="g4", started=1.0)]
    assert victims(amounts(gpus=4), pods, GPUS, gpus=7) == ["g-1"]


def test_only_who_holds_what_is_missing_goes() -> None:
    pods = [filler(SET, 0, started=999.0), filler(GPUS, 0, shape="g1", started=1.0)]
    assert victims(amounts(gpus=1), pods, SET, GPUS, gpus=1) == ["g-0"]


def test_no_one_goes_where_all_fillers_together_hold_too_little() -> None:
    assert offer(amounts(cpu=9), [filler(SET, 0), filler(SET, 1)]) is None


def test_a_filler_whose_creation_is_not_answered_yet_can_not_be_told_to_go() -> None:
    assert offer(amounts(cpu=8), [filler(SET, 0), filler(SET, 1, uid="")]) is None


def test_shrinking_spares_an_eviction() -> None:
    found = offer(amounts(cpu=3), [filler(ELASTIC, 0, cpu=8)], ELASTIC)
    assert found is not None
    assert found.victims == ()
    assert [sizes["cpu"] for _, sizes in found.shrinks] == [5000]


def test_a_shrink_takes_no_more_than_is_missing() -> None:
    found = offer(amounts(cpu=3), [filler(ELASTIC, 0, cpu=7)], ELASTIC)
    assert found is not None
    assert [sizes["cpu"] for _, sizes in found.shrinks] == [5000]


def test_few_fillers_are_shrunk_rather_than_many() -> None:
    pods = [filler(ELASTIC, 0, cpu=2), filler(ELASTIC, 1, cpu=2), filler(ELASTIC, 2, cpu=4)]
    found = offer(amounts(cpu=3), pods, ELASTIC)
    assert found is not None
    assert [pod.name for pod, _ in found.shrinks] == ["e-2"]


def test_when_one_must_go_the_others_shrink_only_for_the_rest() -> None:
    found = offer(amounts(cpu=6), [filler(ELASTIC, 0, cpu=4), filler(ELASTIC, 1, cpu=4)], ELASTIC)
    assert found is not None
    assert found.victims == ()
    assert sum(sizes["cpu"] for _, sizes in found.shrinks) == 2000


def test_what_has_been_promised_to_others_is_not_there() -> None:
    place = room(node(cpu=8), [filler(SET, 0)], SET)
    place.promise(amounts(cpu=4))
    found = sacrifice_for(amounts(cpu=4), place, owners_of(SET), NOW)
    assert found is not None
    assert [pod.name for pod in found.victims] == ["s-0"]


def test_a_running_filler_can_give_all_above_its_minimum() -> None:
    assert slack_of(filler(ELASTIC, 0, cpu=5), owners_of(ELASTIC)) == {"cpu": 4000}


def test_a_filler_that_does_not_run_yet_can_not_shrink() -> None:
    assert slack_of(pending(filler(ELASTIC, 0, cpu=5)), owners_of(ELASTIC)) == {}


def test_a_filler_whose_grow_is_put_off_gives_back_just_that() -> None:
    assert slack_of(refused(filler(ELASTIC, 0, cpu=5), {"cpu": 2000}), owners_of(ELASTIC)) == {"cpu": 3000}


def test_a_filler_that_can_not_be_resized_can_not_shrink() -> None:
    assert slack_of(filler(ELASTIC, 0, cpu=5, resize=Resize.ERROR), owners_of(ELASTIC)) == {}


def test_a_filler_that_is_shrinking_can_shrink_further() -> None:
    assert slack_of(shrinking(filler(ELASTIC, 0, cpu=5), {"cpu": 1000}), owners_of(ELASTIC)) == {"cpu": 4000}


def test_a_filler_gives_back_nothing_that_its_init_containers_ask_for() -> None:
    heavy = paraset("h", shape(cpu=(1, 8), initial=amounts(cpu=3)))
    assert slack_of(filler(heavy, 0, cpu=5), owners_of(heavy)) == {"cpu": 2000}


def test_surplus_devices_count_before_all_other_costs() -> None:
    eight = offer(amounts(gpus=1), [filler(GPUS, 0, shape="g8", started=NOW)], GPUS, gpus=8)
    one = offer(amounts(gpus=1), [filler(GPUS, 0, shape="g1", started=1.0)], GPUS, gpus=1)
    assert eight is not None
    assert one is not None
    assert one.cost < eight.cost
    assert eight.cost[0] == 7
    assert GPU in eight.victims[0].requests
