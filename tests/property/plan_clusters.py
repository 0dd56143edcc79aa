"""Small clusters to plan for: whatever is drawn could be seen on a real one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from planning_cases import (
    GPU,
    amounts,
    ls,
    node,
    paraset,
    pending,
    policy,
    refused,
    running,
    shape,
    shrinking,
    snapshot,
    terminating,
)

from paraset_operator.model.constraints import Constraints, Toleration
from paraset_operator.model.node import Node, Taint
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import HeadroomShape, PolicyView
from paraset_operator.model.resources import fits, minus
from paraset_operator.model.shape import ParaSetView, Shape
from paraset_operator.model.snapshot import Moment, Snapshot

NOW = Moment(monotonic=50.0, wall=1000.0)
SETTINGS = settings(max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))

Pick = Callable[[int, int], int]

GPU_TAINT = Taint(GPU)
GPU_TOLERATION = Toleration(key=GPU, operator="Exists")


@dataclass(frozen=True)
class Kind:
    """What may show up in a cluster. `calm` leaves out what must change by itself or in several rounds."""

    calm: bool = False
    headroom: bool = True
    waiting: int = 3
    fillers: int = 8
    most_sets: int = 3
    most_shapes: int = 2


ANY = Kind()
CALM = Kind(calm=True, headroom=False)
ONE_SHAPE = Kind(calm=True, headroom=False, waiting=0, fillers=0, most_sets=1, most_shapes=1)


@dataclass
class Draft:
    nodes: list[Node]
    sets: list[ParaSetView]
    free: dict[str, dict[str, int]]
    pods: list[Pod] = field(default_factory=list)

    def put(self, pod: Pod) -> bool:
        """Take a pod in if its node has the room."""
        if not fits(pod.held, self.free[pod.place]):
            return False
        self.free[pod.place] = minus(self.free[pod.place], pod.held)
        self.pods.append(pod)
        return True


@st.composite
def clusters(draw: st.DrawFn, kind: Kind = ANY) -> Snapshot:
    """Return a strategy of pictures."""
    return cluster(lambda low, high: draw(st.integers(low, high)), kind)


def cluster(pick: Pick, kind: Kind) -> Snapshot:
    """Return a picture made of whole numbers, each picked between two bounds."""
    nodes = [_node(pick, index) for index in range(pick(1, 6))]
    sets = [_set(pick, kind, index) for index in range(pick(1, kind.most_sets))]
    draft = Draft(nodes, sets, {each.name: dict(each.allocatable) for each in nodes})
    for index in range(pick(0, 4)):
        bound = _ls(pick, f"bound-{index}", node=nodes[pick(0, len(nodes) - 1)].name)
        draft.put(terminating(bound) if pick(0, 5) == 5 else bound)
    counts = dict.fromkeys((owner.uid for owner in sets), 0)
    for _ in range(pick(0, kind.fillers)):
        owner = sets[pick(0, len(sets) - 1)]
        made = _filler(pick, kind, owner, counts[owner.uid], nodes[pick(0, len(nodes) - 1)])
        counts[owner.uid] += draft.put(made)
    pods = draft.pods + [_waiting(pick, kind, index, nodes) for index in range(pick(0, kind.waiting))]
    return snapshot(nodes, pods, sets, _policy(pick, kind))


def _node(pick: Pick, index: int) -> Node:
    gpus = max(0, pick(-1, 4))
    tainted = gpus > 0 and pick(0, 3) == 0
    trouble = ["", "", "", "", "", "", "", "Cordoned", "NotReady"][pick(0, 8)]
    return node(
        f"n{index}",
        cpu=pick(1, 32) / 2,
        memory=pick(2, 32),
        gpus=gpus,
        pods=pick(4, 12),
        taints=(GPU_TAINT,) if tainted else (),
        trouble=trouble,
        is_cordoned=trouble == "Cordoned",
    )


def _set(pick: Pick, kind: Kind, index: int) -> ParaSetView:
    shapes = [_shape(pick, kind, number) for number in range(pick(1, kind.most_shapes))]
    return paraset(
        f"s{index}",
        *shapes,
        namespace="ab"[pick(0, 1)],
        ceiling=pick(0, 8),
        floor=pick(0, 2),
        weight=pick(1, 3),
        is_suspended=pick(0, 15) == 15,
        checkpoint_seconds=(0, 300)[pick(0, 1)],
        constraints=Constraints(tolerations=(GPU_TOLERATION,)) if pick(0, 1) else Constraints(),
    )


def _shape(pick: Pick, kind: Kind, number: int) -> Shape:
    low = pick(1, 4) / 2
    small = pick(0, 4) / 2
    growth = {"memory": float(pick(0, 2))} if small else {}
    return shape(
        f"shape{number}",
        cpu=(low, low + pick(0, 12) / 2) if pick(0, 3) else low,
        memory=(small, small + pick(0, 16) / 2) if small else 0,
        gpus=max(0, pick(-2, 2)),
        value=pick(1, 4),
        growth=growth,
        overhead=amounts(cpu=0.25, memory=0.125) if pick(0, 3) == 3 else {},
        initial=amounts(cpu=2.5) if pick(0, 4) == 4 else {},
    )


def _filler(  # noqa: PLR0911 - one state a line
    pick: Pick, kind: Kind, owner: ParaSetView, index: int, at: Node
) -> Pod:
    of = owner.shapes[pick(0, len(owner.shapes) - 1)]
    sizes = {each.resource: each.minimum + (each.maximum - each.minimum) * pick(0, 4) // 4 for each in of.elastic}
    started = float(pick(0, 1000))
    made = running(owner, of, index, at.name, sizes, started=started, created=started)
    state = pick(0, 11)
    slack = {each.resource: max(0, sizes[each.resource] - each.minimum) for each in of.elastic}
    if state == 6:
        return terminating(made)
    if state == 7:
        return pending(made)
    if state == 8 and of.elastic and not kind.calm:
        return shrinking(made, {"cpu": 500}) if "cpu" in sizes else made
    if state == 9 and not kind.calm:
        return refused(made, {name: sizes[name] - more for name, more in slack.items()})
    if state == 10 and not kind.calm:
        return replace(made, template_hash="older")
    if state == 11:
        return replace(made, held={}, requests={}, is_finished=True, is_running=False)
    return made


def _ls(pick: Pick, name: str, **fields: object) -> Pod:
    made = ls(name, cpu=pick(1, 16) / 2, memory=pick(0, 8), gpus=max(0, pick(-2, 4)))
    return replace(made, **fields)  # type: ignore[arg-type]


def _waiting(pick: Pick, kind: Kind, index: int, nodes: list[Node]) -> Pod:
    choice = pick(0, 6)
    return _ls(
        pick,
        f"waiting-{index}",
        priority=(0, 1000, -5)[pick(0, 1 if kind.calm else 2)],
        created=float(pick(0, 3)),
        nominated=nodes[pick(0, len(nodes) - 1)].name if choice == 6 else "",
        constraints=Constraints(tolerations=(GPU_TOLERATION,), is_judgeable=choice != 5),
    )


def _policy(pick: Pick, kind: Kind) -> PolicyView:
    headroom = [
        HeadroomShape(
            f"h{index}",
            amounts(pick(0, 8) / 2, pick(0, 4), max(0, pick(-1, 2))),
            copies=pick(0, 2),
            lends_devices=pick(0, 1) == 1,
        )
        for index in range(pick(0, 2) if kind.headroom else 0)
    ]
    return policy(
        reserve=amounts(cpu=pick(0, 4) / 4, memory=pick(0, 2)),
        reserve_percent={"memory": 10} if pick(0, 4) == 4 else {},
        headroom=tuple(headroom),
        nominates=kind.calm or pick(0, 4) != 4,
    )
