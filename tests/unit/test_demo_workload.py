"""The story's machines and LS pods: the same for the same seed, and within what they promise."""

import itertools
import random

from demo_timeline import SET, Timeline, filler, node, pod

from demo.fitting import asked, covers, minus
from demo.objects import Pod
from demo.state import ClusterState
from demo.workload import draw_base_load, draw_burst, draw_nodes


def test_the_same_seed_draws_the_same_story() -> None:
    assert draw_nodes(24, 7) == draw_nodes(24, 7)
    assert draw_nodes(24, 7) != draw_nodes(24, 8)
    assert draw_base_load(draw_nodes(24, 7), 0.8, 7) == draw_base_load(draw_nodes(24, 7), 0.8, 7)


def test_nodes_are_a_mix_of_gpu_and_cpu_machines() -> None:
    nodes = draw_nodes(24, 7)
    assert len({each.name for each in nodes}) == 24
    assert sum(not each.gpus for each in nodes) == 4


def test_the_base_load_stops_as_soon_as_enough_gpus_are_asked_for() -> None:
    nodes = draw_nodes(24, 7)
    pods, capacity = draw_base_load(nodes, 0.8, 7), sum(each.gpus for each in nodes)
    assert sum(each.gpus for each in pods) >= 0.8 * capacity
    assert sum(each.gpus for each in pods[:-1]) < 0.8 * capacity


def test_the_burst_fits_beside_ls_pods_as_if_there_were_no_fillers() -> None:
    machines = [node(f"n{number}", gpus=2, cores=32, memory=256) for number in range(6)]
    ls = [pod(f"ls-{number}", f"n{number}", 1, 8) for number in range(6)]
    bare = Timeline(*machines, SET, *ls).state
    full = Timeline(*machines, SET, *ls, *(filler(f"s-{number}", f"n{number}", 1, 24) for number in range(4))).state
    burst = draw_burst(full, 4, 3, 7)
    assert burst == draw_burst(bare, 4, 3, 7)
    assert sum(each.gpus for each in burst) <= 4
    assert sum(each.cpu_milli for each in burst) <= 6 * 24_000
    assert {each.gpus for each in burst} == {0, 1}


def test_the_burst_fits_wherever_and_in_whatever_order_its_pods_are_bound() -> None:
    machines = [node(f"n{number}", gpus=1, cores=12 + 4 * number, memory=256) for number in range(6)]
    state = Timeline(*machines, SET).state
    burst = [each.record() for each in draw_burst(state, 4, 4, 7)]
    chance = random.Random(11)
    packed = [_packs_anywhere(state, chance.sample(burst, len(burst)), chance) for _ in range(200)]
    assert burst
    assert packed.count(False) <= 2


def _packs_anywhere(state: ClusterState, pods: list[Pod], chance: random.Random) -> bool:
    rooms = {each.name: each.allocatable for each in state.nodes.values()}
    for each in pods:
        places = [name for name, room in rooms.items() if covers(room, asked(each))]
        if not places:
            return False
        place = chance.choice(places)
        rooms[place] = minus(rooms[place], asked(each))
    return True


def test_no_room_beside_ls_pods_means_no_burst() -> None:
    assert not draw_burst(Timeline(node("n1"), pod("ls", "n1", 2, 16)).state, 4, 4, 7)


def test_ls_pods_ask_for_whole_gpus_and_carry_no_priority_class() -> None:
    for each in itertools.islice(draw_base_load(draw_nodes(24, 7), 0.8, 7), 20):
        manifest = each.manifest()
        assert "priorityClassName" not in manifest["spec"]
        resources = manifest["spec"]["containers"][0]["resources"]
        assert resources["limits"].get("nvidia.com/gpu") == resources["requests"].get("nvidia.com/gpu")
        assert each.record().requests.get("nvidia.com/gpu", 0) == each.gpus
