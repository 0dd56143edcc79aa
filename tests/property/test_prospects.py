"""Pods of one kind are served as a search of all nodes for each pod would serve them."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from plan_clusters import ANY, ANY_DEVICES, NOW, SETTINGS, Kind, seeded

from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY, HeadroomShape
from paraset_operator.model.quantity import CPU
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.cheapest import rank_of
from paraset_operator.planning.headroom import Sites
from paraset_operator.planning.lost_work import Standing
from paraset_operator.planning.prospects import Search
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.rooms import Rooms, takes
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.victim_rows import VictimRows
from paraset_operator.planning.victims import Sacrifice, least_cost, sacrifice_for

KINDS = st.sampled_from([ANY, ANY_DEVICES])
SEEDS = st.integers(0, 2**32)


class Bench:
    """One picture, looked at by pods one after the other while nodes are promised and released."""

    def __init__(self, picture: Snapshot, seed: int) -> None:
        self.random, self.owners = Random(seed), {owner.uid: owner for owner in picture.sets}
        survey = Survey()
        survey.look(picture.nodes, picture.sets, picture.policies or (DEFAULT_POLICY,))
        self.rooms, rows = Rooms(survey, self.owners), VictimRows(survey)
        rows.catch_up(self.owners)
        fillers = [pod.owner for state in picture.nodes for pod in state.fillers if not pod.is_ending]
        counts = {uid: fillers.count(uid) for uid in self.owners}
        floors = {uid: self.random.randint(0, 2) for uid in self.owners}
        self.rooms.rank(Standing(counts, floors, {uid: self.random.randint(0, 1) for uid in self.owners}))
        self.search = Search(self.rooms, rows, self.owners, NOW.wall)
        self.every = [self.rooms.at_row(row) for row in range(len(self.rooms))]

    def disturb(self, need: Pod) -> None:
        """Promise room, or let a filler go, somewhere."""
        room = self.random.choice(self.every)
        if room.fillers and self.random.randrange(2):
            room.release(self.random.choice(room.fillers))
        elif self.random.randrange(2):
            room.promise(need.requests)
        else:
            room.promise_nominated(need.requests)

    def cheapest_of(self, rooms: list[NodeRoom], pod: Pod, *, may_evict: bool = True) -> tuple[str, Sacrifice] | None:
        """Look at all nodes, and return the best with what it gives."""
        offers = []
        for room in rooms:
            if least_cost(pod.requests, room, self.owners, NOW.wall) is not None:
                offer = sacrifice_for(pod.requests, room, self.owners, NOW.wall)
                if offer is not None and (may_evict or not offer.victims):
                    offers.append((rank_of(offer.cost, room), room.name, offer))
        best = min(offers, key=lambda each: each[0], default=None)
        return best and best[1:]

    def is_there(self, rooms: list[NodeRoom], pod: Pod) -> bool:
        """Say whether there is room, or some on its way: then nobody looks for what costs least."""
        return any(room.fits_soon(pod.requests) for room in rooms)

    def lent(self, pod: Pod) -> list[NodeRoom]:
        rooms = [room for room in self.rooms.able(pod.requests) if takes(room.node, pod)]
        return [room for room in rooms if room.policy is not None and pod.priority >= room.policy.ls_priority]


def benches(seed: int, kind: Kind) -> tuple[Bench, list[Pod]]:
    picture = seeded(seed, kind)
    return Bench(picture, seed), [pod for pod in picture.waiting if not pod.is_filler]


@SETTINGS
@given(SEEDS, KINDS)
def test_a_pod_lands_where_most_cores_are_open(seed: int, kind: Kind) -> None:
    bench, pods = benches(seed, kind)
    for pod in pods * 4:
        fitting = [room for room in bench.every if takes(room.node, pod) and room.fits_now(pod.requests)]
        best = min(fitting, key=lambda room: (-room.open_now.get(CPU, 0), room.name), default=None)
        assert bench.search.of(pod).landing() is best
        bench.disturb(pod)


@SETTINGS
@given(SEEDS, KINDS)
def test_room_arrives_where_fewest_wait_for_it(seed: int, kind: Kind) -> None:
    bench, pods = benches(seed, kind)
    for pod in pods * 4:
        if bench.search.of(pod).landing() is None:
            arriving = [room for room in bench.lent(pod) if room.fits_soon(pod.requests)]
            best = min(arriving, key=lambda room: (room.queue, room.name), default=None)
            assert bench.search.of(pod).arriving() is best
        bench.disturb(pod)


@SETTINGS
@given(SEEDS, KINDS, st.booleans())
def test_the_cheapest_of_all_nodes_gives_room(seed: int, kind: Kind, may_evict: bool) -> None:
    bench, pods = benches(seed, kind)
    for pod in pods * 4:
        if not bench.is_there(lent := bench.lent(pod), pod):
            found = bench.search.of(pod).cheapest(may_evict=may_evict)
            assert (found and (found[1].name, found[0])) == bench.cheapest_of(lent, pod, may_evict=may_evict)
        bench.disturb(pod)


@SETTINGS
@given(SEEDS, KINDS)
def test_copies_of_headroom_are_made_where_they_are_cheapest(seed: int, kind: Kind) -> None:
    bench, pods = benches(seed, kind)
    policy = bench.rooms.policies[0]
    for pod in pods:
        copies = bench.search.of_kind(Sites(bench.rooms, policy, HeadroomShape("h", {}, 1)).kind(pod.requests))
        for _ in range(4):
            able = [room for room in bench.rooms.able(pod.requests) if room.policy is policy and not room.node.trouble]
            if not bench.is_there(able, pod):
                found = copies.cheapest()
                assert (found and (found[1].name, found[0])) == bench.cheapest_of(able, pod)
            bench.disturb(pod)


@SETTINGS
@given(SEEDS, KINDS)
def test_the_room_the_scheduler_made_is_found(seed: int, kind: Kind) -> None:
    bench, pods = benches(seed, kind)
    for pod in pods * 4:
        found = bench.search.of(pod).preempted()
        assert found is None or found.fits_soon(pod.requests)
        bench.disturb(pod)
