"""What holds of every plan, whatever the cluster: bounds on what it takes, and whose pods it touches."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from plan_clusters import NOW, SETTINGS, clusters
from planning_cases import amounts, creates, deletes, ls, resizes, snapshot
from planning_outcome import all_pods, numbers_as_created, reserve_of, resized

from paraset_operator.model.plan import CreatePod, DeletePod, Plan, Reason, ResizePod
from paraset_operator.model.resources import fits, minus, plus, total_of
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.planner import plan, plan_yield
from paraset_operator.planning.room import room_of
from paraset_operator.planning.victims import least_cost, sacrifice_for


def taking_on(outcome: Plan, name: str) -> bool:
    """Say whether the plan creates or grows anything on a node."""
    grows = [each.pod.place for each in resizes(outcome) if each.reason is Reason.GROWS]
    return name in (*grows, *(each.node for each in creates(outcome)))


@SETTINGS
@given(clusters())
def test_never_more_on_a_node_than_others_and_the_reserve_leave(picture: Snapshot) -> None:
    """Once all is done. A node that is taken nothing on may hold more: a reserve drives out no filler that fits."""
    outcome = plan(picture, moment=NOW)
    known = {owner.uid for owner in picture.sets}
    gone = {each.pod.uid for each in deletes(outcome)}
    sizes = {each.pod.uid: each for each in resizes(outcome)}
    for state in picture.nodes:
        others = total_of(pod.held for pod in state.pods if pod.owner not in known)
        kept = [
            resized(pod, sizes[pod.uid]).requests if pod.uid in sizes else pod.requests
            for pod in state.pods
            if pod.owner in known and not (pod.is_terminating or pod.is_finished or pod.uid in gone)
        ]
        new = [each.requests for each in creates(outcome) if each.node == state.node.name]
        left = minus(minus(state.node.allocatable, others), reserve_of(picture, state.node.name))
        if taking_on(outcome, state.node.name):
            assert fits(total_of([*kept, *new]), left)


@SETTINGS
@given(clusters())
def test_what_waits_for_nothing_fits_at_once(picture: Snapshot) -> None:
    """Beside all that is held now, Terminating pods and shrinks under way included, and beside the reserve."""
    outcome = plan(picture, moment=NOW)
    for state in picture.nodes:
        free = minus(state.node.allocatable, total_of(pod.held for pod in state.pods))
        free = minus(free, reserve_of(picture, state.node.name))
        new = [each.requests for each in creates(outcome) if each.node == state.node.name and not each.after]
        more = [
            minus(each.requests, each.pod.requests)
            for each in resizes(outcome)
            if each.pod.place == state.node.name and each.reason is Reason.GROWS and not each.after
        ]
        assert fits(total_of([*new, *more]), free)


@SETTINGS
@given(clusters())
def test_a_resize_asks_for_what_its_shape_says(picture: Snapshot) -> None:
    outcome = plan(picture, moment=NOW)
    for resize in resizes(outcome):
        assert dict(resize.requests) == dict(resized(resize.pod, resize).requests)


@SETTINGS
@given(clusters())
def test_no_foreign_pod_is_touched(picture: Snapshot) -> None:
    outcome = plan(picture, moment=NOW)
    known = {owner.uid for owner in picture.sets}
    seen = {pod.uid: pod for pod in all_pods(picture)}
    touched: list[DeletePod | ResizePod] = [*deletes(outcome), *resizes(outcome)]
    for action in touched:
        assert action.pod.owner == action.owner.uid
        assert action.pod.owner in known
        assert not seen[action.pod.uid].is_terminating


@SETTINGS
@given(clusters())
def test_a_pod_is_deleted_once_and_each_further_resize_is_smaller(picture: Snapshot) -> None:
    """A filler may shrink for one LS pod after the other, and then leave, be it for a third or for another reason."""
    outcome = plan(picture, moment=NOW)
    deleted = [each.pod.uid for each in deletes(outcome)]
    assert len(deleted) == len(set(deleted))
    last: dict[str, ResizePod] = {}
    for resize in resizes(outcome):
        before = last.setdefault(resize.pod.uid, resize)
        assert fits(resize.sizes, before.sizes)
        last[resize.pod.uid] = resize


@SETTINGS
@given(clusters())
def test_sizes_stay_between_minimum_and_maximum(picture: Snapshot) -> None:
    outcome = plan(picture, moment=NOW)
    sized: list[CreatePod | ResizePod] = [*creates(outcome), *resizes(outcome)]
    for action in sized:
        shape = action.owner.shape(action.shape if isinstance(action, CreatePod) else action.pod.shape)
        assert shape is not None
        for each in shape.elastic:
            assert each.minimum <= action.sizes[each.resource] <= each.maximum


@SETTINGS
@given(clusters())
def test_the_ceiling_holds_at_every_instant(picture: Snapshot) -> None:
    """Pods on their way out count; names are new, unique and below the ceiling."""
    outcome = plan(picture, moment=NOW)
    pods = all_pods(picture)
    gone = {each.pod.key for each in deletes(outcome)} | {
        pod.key for pod in pods if pod.is_terminating or pod.is_finished
    }
    for owner in picture.sets:
        new = [each for each in creates(outcome) if each.owner is owner]
        own = [pod for pod in pods if pod.owner == owner.uid]
        if any(not each.after for each in new):
            assert len(own) + sum(not each.after for each in new) <= owner.ceiling
        if new:
            assert len([pod for pod in own if pod.key not in gone]) + len(new) <= owner.ceiling
        names = [f"{owner.namespace}/{each.pod}" for each in new]
        assert len(names) == len(set(names))
        assert all(0 <= each.index < owner.ceiling for each in new)
        taken = {pod.key for pod in pods}
        for each, name in zip(new, names, strict=True):
            assert name not in taken or (name in gone and name in each.after)


@SETTINGS
@given(clusters())
def test_all_that_leaves_before_a_create_brings_the_set_below_its_ceiling(picture: Snapshot) -> None:
    """In the order of the plan, each create may be sent once what it waits for is gone, whatever else still stays."""
    outcome = plan(picture, moment=NOW)
    for owner in picture.sets:
        assert all(number <= owner.ceiling for number in numbers_as_created(picture, outcome, owner))


@SETTINGS
@given(clusters())
def test_the_same_picture_gives_the_same_plan(picture: Snapshot) -> None:
    copy = replace(picture, nodes=tuple(replace(state) for state in picture.nodes))
    assert repr(plan(picture, moment=NOW)) == repr(plan(copy, moment=NOW))


@SETTINGS
@given(clusters(), st.randoms(use_true_random=False))
def test_the_order_in_which_pods_came_in_does_not_matter(picture: Snapshot, random: st.DataObject) -> None:
    pods = all_pods(picture)
    random.shuffle(pods)  # type: ignore[attr-defined]
    nodes = [state.node for state in picture.nodes]
    again = snapshot(nodes, pods, picture.sets, picture.policies)
    assert repr(plan(again, moment=NOW)) == repr(plan(picture, moment=NOW))


@SETTINGS
@given(clusters())
def test_the_urgent_path_decides_as_the_whole_plan_does(picture: Snapshot) -> None:
    assert plan_yield(picture, NOW) == plan(picture, moment=NOW).releases


@SETTINGS
@given(clusters())
def test_no_one_is_evicted_for_a_pod_that_is_nominated(picture: Snapshot) -> None:
    nominated = {pod.uid for pod in picture.waiting if pod.nominated}
    assert not [each for each in plan(picture, moment=NOW).releases if each.beneficiary.uid in nominated]


@SETTINGS
@given(clusters())
def test_a_release_makes_enough_room_and_none_too_many_leave(picture: Snapshot) -> None:
    """The first release of a plan, whose node holds no promise yet but to nominated pods: each eviction is needed."""
    outcome = plan(picture, moment=NOW)
    if not outcome.releases:
        return
    release = outcome.releases[0]
    pod = next((pod for pod in picture.waiting if pod.uid == release.beneficiary.uid), None)
    if pod is None or any(each.priority >= pod.priority and each is not pod for each in picture.waiting):
        return
    state = next(state for state in picture.nodes if state.node.name == release.node)
    coming = [each.held if each.is_terminating else minus(each.held, each.requests) for each in state.pods]
    promised = [each.requests for each in picture.waiting if each.nominated == release.node]
    free = minus(plus(state.node.allocatable, total_of(coming)), total_of([*(p.held for p in state.pods), *promised]))
    victims = [each.pod for each in deletes(outcome) if each.beneficiary == release.beneficiary]
    shrunk = [
        minus(each.pod.requests, each.requests) for each in resizes(outcome) if each.beneficiary == release.beneficiary
    ]
    room = plus(free, total_of([*(each.requests for each in victims), *shrunk]))
    assert fits(pod.requests, room)
    for victim in victims:
        assert not fits(pod.requests, minus(room, victim.requests))


@SETTINGS
@given(clusters())
def test_an_ls_pod_that_no_node_could_hold_evicts_no_one(picture: Snapshot) -> None:
    """Not even with all fillers gone: each node is too small once what others hold is taken off."""
    known = {owner.uid for owner in picture.sets}
    rooms = [
        minus(
            state.node.allocatable,
            total_of(pod.held for pod in state.pods if pod.owner not in known and not pod.is_terminating),
        )
        for state in picture.nodes
    ]
    cpu = max(0, *(room.get("cpu", 0) for room in rooms)) + 1
    large = ls("large", cpu=cpu / 1000, priority=10_000)
    nodes = [state.node for state in picture.nodes]
    alone = snapshot(nodes, all_pods(picture), picture.sets, picture.policies)
    more = snapshot(nodes, [*all_pods(picture), large], picture.sets, picture.policies)
    assert plan(more, moment=NOW).releases == plan(alone, moment=NOW).releases


@SETTINGS
@given(clusters(), st.integers(1, 16), st.integers(0, 4))
def test_the_quick_look_at_a_node_never_finds_more_cost_than_there_is(picture: Snapshot, cpu: int, gpus: int) -> None:
    """Or a cheaper node would not be looked at; and it finds room wherever there is some."""
    owners = {owner.uid: owner for owner in picture.sets}
    need = amounts(cpu=cpu / 2, gpus=gpus, pods=1)
    for state in picture.nodes:
        room = room_of(state, picture.policies[0], owners)
        offer = sacrifice_for(need, room, owners, NOW.wall)
        bound = least_cost(need, room, owners, NOW.wall)
        if offer is not None and not fits(need, room.open_soon):
            assert bound is not None
            assert bound <= offer.cost


UNREADABLE = {Reason.FINISHED, Reason.FAILING, Reason.SUSPENDED, Reason.NO_ROOM}


def unreadable(picture: Snapshot, which: int) -> tuple[Snapshot, str]:
    """Return the picture with a set that can't be read, and that set's uid."""
    unread = picture.sets[which % len(picture.sets)]
    instead = replace(unread, shapes=(), fault="no", is_unreadable=True, ceiling=1000)
    return replace(picture, sets=tuple(instead if each is unread else each for each in picture.sets)), unread.uid


@SETTINGS
@given(clusters(), st.integers(0, 2))
def test_a_set_that_cannot_be_read_keeps_its_fillers_as_they_are(picture: Snapshot, which: int) -> None:
    """Nothing is made or resized of it, and what leaves does so for others, or because it has ended."""
    picture, uid = unreadable(picture, which)
    mine = [each for each in plan(picture, moment=NOW).actions if each.owner.uid == uid]
    assert not [each for each in mine if not isinstance(each, DeletePod)]
    good = {state.node.name for state in picture.nodes if not state.node.trouble}
    assert {each.reason for each in mine if each.pod.place in good} <= UNREADABLE


@SETTINGS
@given(clusters(), st.integers(0, 2))
def test_what_a_set_that_cannot_be_read_holds_is_no_room_for_others(picture: Snapshot, which: int) -> None:
    """Once all is done, room for LS work included."""
    picture, _ = unreadable(picture, which)
    outcome = plan(picture, moment=NOW)
    gone = {each.pod.uid for each in deletes(outcome)}
    sizes = {each.pod.uid: each for each in resizes(outcome)}
    for state in picture.nodes:
        stay = [pod for pod in state.pods if not (pod.is_terminating or pod.is_finished or pod.uid in gone)]
        held = [resized(pod, sizes[pod.uid]).requests if pod.uid in sizes else pod.requests for pod in stay]
        held += [each.requests for each in creates(outcome) if each.node == state.node.name]
        if taking_on(outcome, state.node.name):
            assert fits(total_of(held), state.node.allocatable)


@SETTINGS
@given(clusters(), st.integers(0, 2))
def test_the_fillers_of_a_set_that_cannot_be_read_make_room_as_any_others(picture: Snapshot, which: int) -> None:
    """Wherever rigid fillers of a set would be released, those of the unreadable one are, too."""
    unread = picture.sets[which % len(picture.sets)]
    rigid = replace(unread, shapes=tuple(replace(each, elastic=()) for each in unread.shapes), ceiling=1000)
    found = [
        plan_yield(instead, NOW)
        for instead in (
            replace(picture, sets=tuple(rigid if each is unread else each for each in picture.sets)),
            unreadable(picture, which)[0],
        )
    ]
    told = [[(each.node, each.beneficiary.key, len(each.actions)) for each in releases] for releases in found]
    assert told[0] == told[1]
