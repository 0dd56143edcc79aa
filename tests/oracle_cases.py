"""Small fill problems, and their optimum by trying everything: what the oracle is compared with."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from types import MappingProxyType

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from bench.oracle.node import candidates_on
from bench.oracle.pool import SolverPool
from bench.oracle.problem import Column, Devices, Group, Growth, Problem, problem_of
from bench.oracle.solver import EXACT, Effort
from paraset_operator.model.devices import DeviceShare
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import Elastic, ParaSetView, Shape
from paraset_operator.model.snapshot import NodeState, Snapshot

MILLI = "example.com/gpu-milli"
GIB = 2**30
SETTINGS = settings(
    max_examples=100, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

Counts = tuple[int, ...]


@lru_cache(maxsize=1)
def pool() -> SolverPool:
    """Return one solver process for all tests."""
    return SolverPool(1)


def column(need: Mapping[str, int], value: float = 1.0, owner: int = 0, growths: Sequence[Growth] = ()) -> Column:
    return Column(owner, "shape", dict(need), value, tuple(growths))


def group(free: Mapping[str, int], devices: Sequence[Devices] = (), owners: int = 1) -> Group:
    return Group(dict(free), tuple(devices), frozenset(range(owners)), ("n1",))


def solved(of: Group, columns: Sequence[Column], effort: Effort = EXACT) -> tuple[float, float]:
    """Return the oracle's bound and worth for one node at no prices."""
    values = [each.value for each in columns]
    densities = [[growth.density for growth in each.growths] for each in columns]
    [choice] = pool().nodes([(of, candidates_on(of, columns, values, densities))], effort)
    return choice.bound, choice.worth


def best_by_trying(of: Group, columns: Sequence[Column]) -> float:
    """Return the best worth of one node."""
    return max(worth_with_growth(of, columns, counts) for counts in all_counts(of, columns))


def all_counts(of: Group, columns: Sequence[Column]) -> Iterator[Counts]:
    """Yield every number of instances by column that fits on the node and its devices."""
    usable = [each if each.owner in of.admitted else None for each in columns]
    ranges = [range(_most(of, each) + 1) if each else range(1) for each in usable]
    return (counts for counts in product(*ranges) if _fits(of, columns, counts))


def _most(of: Group, each: Column) -> int:
    return min(of.free.get(name, 0) // need for name, need in each.need.items())


def _fits(of: Group, columns: Sequence[Column], counts: Counts) -> bool:
    for name, free in of.free.items():
        if sum(each.need.get(name, 0) * count for each, count in zip(columns, counts, strict=True)) > free:
            return False
    return all(
        packs_by_trying(
            [each.need.get(devices.resource, 0) for each, n in zip(columns, counts, strict=True) for _ in range(n)],
            devices,
        )
        for devices in of.devices
    )


def packs_by_trying(needs: Sequence[int], devices: Devices) -> bool:
    """Say whether needs can be placed on devices: every device is tried for each."""
    return _place(sorted((need for need in needs if need > 0), reverse=True), [devices.size] * devices.whole, devices)


def _place(needs: Sequence[int], whole: list[int], devices: Devices) -> bool:
    free = [*whole, *devices.partial]
    size = devices.size
    for need in needs:
        if need >= size and (need % size or need // size > free.count(size)):
            return False
        if need >= size:
            for _ in range(need // size):
                free.remove(size)
    return _parts([need for need in needs if need < size], free)


def _parts(parts: Sequence[int], free: list[int]) -> bool:
    if not parts:
        return True
    for at, left in enumerate(free):
        if left >= parts[0] and _parts(parts[1:], [*free[:at], left - parts[0], *free[at + 1 :]]):
            return True
    return False


def worth_with_growth(of: Group, columns: Sequence[Column], counts: Counts) -> float:
    """Return the worth of so many instances, grown as far as it fits where growth is worth most."""
    worth = sum(each.value * count for each, count in zip(columns, counts, strict=True))
    growths = [(it, count) for each, count in zip(columns, counts, strict=True) for it in each.growths if count]
    left = {
        name: free - sum(each.need.get(name, 0) * count for each, count in zip(columns, counts, strict=True))
        for name, free in of.free.items()
    }
    for growth, count in sorted(growths, key=lambda it: -it[0].density):
        more = max(0, min(growth.span * count, left.get(growth.resource, 0)))
        left[growth.resource] = left.get(growth.resource, 0) - more
        worth += growth.density * more
    return worth


def state(
    name: str = "n1", cpu: int = 8000, memory: int = 32, used: Sequence[int] = (), gpus: int = 0, pods: int = 20
) -> NodeState:
    """Return a node with GPUs of 1000 milli; `used` is what LS pods hold of each."""
    allocatable = {"cpu": cpu, "memory": memory * GIB, "pods": pods} | ({MILLI: 1000 * gpus} if gpus else {})
    node = Node(
        name,
        MappingProxyType(allocatable),
        devices=MappingProxyType({MILLI: (1000,) * gpus} if gpus else {}),
    )
    return NodeState(node, tuple(_ls(name, device, amount) for device, amount in enumerate(used) if amount))


def _ls(node: str, device: int, amount: int) -> Pod:
    name, held = f"{node}-ls-{device}", {MILLI: amount}
    share = (DeviceShare(MILLI, device, amount),)
    return Pod("ls", name, f"uid-{name}", node=node, held=held, requests=held, is_running=True, on_devices=share)


def milli_shape(name: str, gpu: int = 0, cpu: int = 1000, value: float = 1.0, grows_to: int = 0) -> Shape:
    """Return a shape of milli-GPUs and milli-cores, the latter elastic if it grows."""
    fixed = {MILLI: gpu} if gpu else {}
    elastic = (Elastic("cpu", cpu, grows_to, value / 2),) if grows_to else ()
    return Shape(name, fixed | ({} if grows_to else {"cpu": cpu}), elastic, value)


def owner(name: str, *shapes: Shape, **fields: object) -> ParaSetView:
    fields = {"ceiling": 1000, "namespace": "a"} | fields
    namespace = str(fields.pop("namespace"))
    return ParaSetView(namespace, name, f"uid-{namespace}-{name}", shapes=shapes, **fields)  # type: ignore[arg-type]


def cluster(states: Sequence[NodeState], *sets: ParaSetView, **fields: object) -> Snapshot:
    return Snapshot(tuple(states), sets=tuple(sorted(sets, key=lambda it: it.key)), **fields)  # type: ignore[arg-type]


@st.composite
def small_groups(draw: st.DrawFn) -> tuple[Group, list[Column]]:
    """Draw a node with up to three devices, and up to four shapes: parts, whole devices, cores alone, some growing."""
    whole = draw(st.integers(0, 2))
    partial = tuple(sorted(draw(st.lists(st.integers(1, 9), max_size=2))))
    columns = [draw(small_columns()) for _ in range(draw(st.integers(1, 4)))]
    free = {"cpu": draw(st.integers(0, 8)), MILLI: 10 * whole + sum(partial), "pods": draw(st.integers(1, 6))}
    return group(free, [Devices(MILLI, 10, whole, partial)]), columns


@st.composite
def small_columns(draw: st.DrawFn) -> Column:
    gpu = draw(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 10, 15, 20]))
    need = {"cpu": draw(st.integers(0, 3)), MILLI: gpu, "pods": 1}
    span = draw(st.integers(0, 3))
    growths = [Growth("cpu", span, draw(st.integers(1, 5)) / 10)] if span else []
    return column({k: v for k, v in need.items() if v}, draw(st.integers(1, 20)) / 10, growths=growths)


SHAPES = (
    milli_shape("g1", 1000, 1000, 1.0),
    milli_shape("m600", 600, 1000, 0.7, grows_to=3000),
    milli_shape("m300", 300, 500, 0.2),
    milli_shape("c2", 0, 2000, 0.1, grows_to=4000),
)


@st.composite
def small_problems(draw: st.DrawFn) -> Problem:
    """Draw two nodes and two sets of two shapes, with small ceilings."""
    used = st.lists(st.sampled_from([0, 200, 400, 700, 1000]), min_size=2, max_size=2)
    states = [state(name, draw(st.integers(1, 6)) * 1000, used=draw(used), gpus=2, pods=5) for name in ("n1", "n2")]
    sets = [
        owner(name, *draw(st.permutations(SHAPES))[:2], ceiling=draw(st.integers(0, 4)), weight=draw(st.integers(1, 3)))
        for name in ("s", "t")
    ]
    return problem_of(cluster(states, *sets))


def best_under_ceilings(problem: Problem) -> float:
    """Return the best worth of all plans, by trying the choices of all nodes together."""
    each = [
        [(counts, worth_with_growth(group, problem.columns, counts)) for counts in all_counts(group, problem.columns)]
        for group in problem.groups
        for _ in group.names
    ]
    best = 0.0
    for choices in product(*each):
        total = [sum(numbers) for numbers in zip(*(counts for counts, _ in choices), strict=True)]
        if all(_held(problem, total, index) <= it.ceiling for index, it in enumerate(problem.owners)):
            best = max(best, sum(worth for _, worth in choices))
    return best


def _held(problem: Problem, total: list[int], index: int) -> int:
    return sum(count for count, column in zip(total, problem.columns, strict=True) if column.owner == index)
