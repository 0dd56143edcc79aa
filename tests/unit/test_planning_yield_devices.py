"""Room for LS pods on nodes that list their devices: a part on one device, whole devices that nobody holds."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from planning_cases import amounts, filler, ls, node, owners_of, paraset, policy, room, shape, snapshot, terminating

from paraset_operator.model.devices import DeviceShare
from paraset_operator.model.node import Node
from paraset_operator.model.plan import DeletePod, Release
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import HeadroomShape
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import Moment
from paraset_operator.planning.planner import plan_yield
from paraset_operator.planning.victims import least_cost, sacrifice_for

MILLI = "example.com/gpu-milli"
NOW = 1000.0
# Fillers lose what they have done since their start: at most this much.
OLD, YOUNG = 1.0, 900.0


def part(amount: int, cpu: float = 1) -> Shape:
    plain = shape(f"p{amount}", cpu=cpu)
    return replace(plain, fixed={**plain.fixed, MILLI: amount})


SET = paraset("s", *(part(amount) for amount in (100, 200, 300, 400, 500, 600, 1000, 2000, 8000)), part(450, cpu=6))


def gpus(count: int = 2, cpu: float = 32, name: str = "n1") -> Node:
    made = node(name, cpu=cpu)
    allocatable = {**made.allocatable, MILLI: 1000 * count}
    return replace(made, allocatable=allocatable, devices=MappingProxyType({MILLI: (1000,) * count}))


def on(pod: Pod, *devices: int) -> Pod:
    """Return the pod on one device, or on whole ones."""
    amount = pod.requests[MILLI] // len(devices)
    return replace(pod, on_devices=tuple(DeviceShare(MILLI, device, amount) for device in devices))


def held(index: int, amount: int, *devices: int, started: float = OLD, at: str = "n1") -> Pod:
    """Return a filler that holds so much of its device, or so much in all."""
    made = filler(SET, index, node=at, shape=f"p{amount}", started=started)
    return on(made, *devices) if devices else made


def wanting(name: str, amount: int, cpu: float = 1, **fields: object) -> Pod:
    pod = ls(name, cpu=cpu, **fields)  # type: ignore[arg-type]
    need = {**pod.requests, MILLI: amount}
    return replace(pod, requests=need, held=need)


def victims(amount: int, pods: Sequence[Pod], count: int = 2, cpu: float = 1, cores: float = 32) -> list[str] | None:
    need = {**amounts(cpu=cpu, pods=1), MILLI: amount}
    offer = sacrifice_for(need, room(gpus(count, cores), pods, SET), owners_of(SET), NOW)
    return None if offer is None else sorted(pod.name for pod in offer.victims)


def yields(
    pods: Sequence[Pod], count: int = 2, headroom: Sequence[HeadroomShape] = (), *, sets: ParaSetView = SET
) -> tuple[Release, ...]:
    picture = snapshot(gpus(count), pods, sets, policy(headroom=tuple(headroom), ahead_percent=0))
    return plan_yield(picture, Moment(wall=NOW))


def evicted(releases: Sequence[Release]) -> list[str]:
    return sorted(act.pod.name for each in releases for act in each.actions if isinstance(act, DeletePod))


def test_scraps_of_several_devices_are_no_room_for_a_part() -> None:
    releases = yields([held(0, 600, 0), held(1, 600, 1), wanting("ls", 500)])
    assert len(evicted(releases)) == 1


def test_a_part_that_finds_a_device_is_left_to_the_scheduler() -> None:
    assert yields([held(0, 600, 0), held(1, 500, 1), wanting("ls", 500)]) == ()


def test_only_a_filler_on_the_device_that_gets_room_leaves() -> None:
    """The least loss of all would be the 100 on device 1, but that would not be enough there."""
    pods = [held(0, 600, 0, started=500.0), held(1, 100, 1, started=YOUNG), on(wanting("b", 700, node="n1"), 1)]
    assert victims(500, pods) == ["s-0"]


def test_the_device_goes_on_which_least_work_is_lost() -> None:
    assert victims(500, [held(0, 600, 0), held(1, 600, 1, started=YOUNG)]) == ["s-1"]


def test_several_on_a_device_go_if_they_lose_less_than_one_on_another() -> None:
    pods = [held(0, 1000, 0), held(1, 500, 1, started=YOUNG), held(2, 500, 1, started=YOUNG)]
    assert victims(1000, pods) == ["s-1", "s-2"]


def test_no_more_leave_a_device_than_must() -> None:
    pods = [held(0, 400, 0, started=800.0), held(1, 300, 0, started=YOUNG), held(2, 300, 0, started=YOUNG)]
    assert victims(300, pods, count=1) == ["s-1"]


def test_whole_devices_are_emptied_of_all_who_hold_a_part() -> None:
    pods = [held(0, 200, 0), held(1, 200, 0), on(wanting("b", 100, node="n1"), 1)]
    assert victims(1000, pods) == ["s-0", "s-1"]


def test_a_device_with_an_ls_pod_on_it_can_not_be_emptied() -> None:
    pods = [on(wanting("b", 100, node="n1"), 0), held(0, 200, 0)]
    assert victims(1000, pods, count=1) is None


def test_no_one_leaves_where_nobody_knows_which_device_that_would_free() -> None:
    assert victims(1000, [held(0, 200)], count=1) is None


def test_a_filler_on_two_devices_goes_for_both_rather_than_two_who_lose_more() -> None:
    pods = [held(0, 2000, 0, 1, started=900.0), held(1, 1000, 2, started=800.0), held(2, 1000, 3, started=700.0)]
    assert victims(2000, pods, count=4) == ["s-0"]


def test_devices_that_are_free_count_when_whole_ones_are_emptied() -> None:
    pods = [held(0, 100, 0), held(1, 1000, 1, started=YOUNG)]
    assert victims(2000, pods, count=3) == ["s-0"]


def test_a_filler_of_eight_devices_does_not_go_where_one_of_one_will_do() -> None:
    pods = [held(0, 8000, *range(8), started=NOW), held(1, 1000, 8)]
    assert victims(1000, pods, count=9) == ["s-1"]


def test_parts_count_as_one_device_so_that_a_larger_one_goes_if_it_loses_less() -> None:
    pods = [held(0, 600, 0, started=YOUNG), *(held(index, 100, 1) for index in range(1, 11))]
    assert victims(500, pods) == ["s-0"]


def test_the_cores_that_victims_of_a_device_release_are_counted() -> None:
    pods = [held(0, 450, 0), held(1, 600, 0), held(2, 1000, 1)]
    assert victims(400, pods, cpu=6, cores=8) == ["s-0"]


def test_for_cores_others_leave_too_if_those_of_the_device_are_not_enough() -> None:
    found = victims(1000, [held(0, 1000, 0, started=YOUNG), held(1, 1000, 1)], cpu=2, cores=2)
    assert found == ["s-0", "s-1"]


def test_the_quick_look_knows_that_devices_can_not_be_emptied() -> None:
    place = room(gpus(1), [on(wanting("b", 100, node="n1"), 0), held(0, 200, 0)], SET)
    assert least_cost({MILLI: 1000}, place, owners_of(SET), NOW) is None


def test_where_the_device_is_being_freed_already_the_pod_is_only_nominated() -> None:
    (release,) = yields([terminating(held(0, 600, 0)), held(1, 600, 1), wanting("ls", 900)])
    assert release.nomination is not None
    assert release.actions == ()


def test_what_is_terminating_on_another_device_does_not_help() -> None:
    pods = [terminating(held(0, 400, 0)), on(wanting("b", 300, node="n1"), 0), held(1, 1000, 1)]
    assert evicted(yields([*pods, wanting("ls", 900)])) == ["s-1"]


def test_two_parts_share_the_device_that_one_filler_leaves() -> None:
    releases = yields([held(0, 1000, 0), held(1, 1000, 1), wanting("x", 500), wanting("y", 500)])
    assert len(evicted(releases)) == 1
    assert len(releases) == 2


def test_two_parts_that_do_not_fit_on_one_device_cost_two_fillers() -> None:
    releases = yields([held(0, 1000, 0), held(1, 1000, 1), wanting("x", 600), wanting("y", 600)])
    assert evicted(releases) == ["s-0", "s-1"]


def test_the_device_of_a_nominated_pod_is_not_given_to_another() -> None:
    pods = [terminating(held(0, 1000, 0)), held(1, 1000, 1), wanting("x", 600, nominated="n1"), wanting("y", 600)]
    assert evicted(yields(pods)) == ["s-1"]


def test_a_nominated_pod_whose_device_is_not_free_yet_evicts_no_one_again() -> None:
    assert yields([terminating(held(0, 1000, 0)), held(1, 1000, 1), wanting("x", 600, nominated="n1")]) == ()


def test_a_pod_on_another_node_with_a_free_device_evicts_no_one() -> None:
    pods = [held(0, 600, 0), held(1, 600, 1, at="n2"), wanting("ls", 500)]
    nodes = [gpus(1), gpus(2, name="n2")]
    assert plan_yield(snapshot(nodes, pods, SET), Moment(wall=NOW)) == ()


def test_headroom_of_a_part_is_made_on_one_device() -> None:
    shapes = [HeadroomShape("h", {**amounts(cpu=1), MILLI: 500}, 1)]
    assert evicted(yields([held(0, 600, 0), held(1, 600, 1, started=YOUNG)], headroom=shapes)) == ["s-1"]


def test_headroom_that_a_device_has_is_only_kept() -> None:
    shapes = [HeadroomShape("h", {**amounts(cpu=1), MILLI: 500}, 1)]
    assert yields([held(0, 600, 0), held(1, 500, 1)], headroom=shapes) == ()


def test_headroom_beside_lent_devices_shrinks_fillers_where_a_device_could_be_emptied() -> None:
    owner = paraset("s", replace(part(600), elastic=shape(cpu=(1, 31)).elastic, fixed={MILLI: 600}))
    pod = on(filler(owner, 0, cpu=31), 0)
    shapes = [HeadroomShape("h", {**amounts(cpu=8), MILLI: 1000}, 1, lends_devices=True)]
    (release,) = yields([pod], count=1, headroom=shapes, sets=owner)
    assert evicted([release]) == []
    assert len(release.actions) == 1


def test_headroom_beside_lent_devices_is_not_kept_where_an_ls_pod_holds_a_part_of_each() -> None:
    owner = paraset("s", replace(part(600), elastic=shape(cpu=(1, 31)).elastic, fixed={MILLI: 600}))
    pods = [on(filler(owner, 0, cpu=31), 0), on(wanting("b", 100, cpu=0, node="n1"), 0)]
    shapes = [HeadroomShape("h", {**amounts(cpu=8), MILLI: 1000}, 1, lends_devices=True)]
    assert yields(pods, count=1, headroom=shapes, sets=owner) == ()
