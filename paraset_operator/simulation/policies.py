"""What fills the free room: nothing, a Deployment of one shape, or the operator with less or more freedom.

The four fillers get the same room under the same rules and differ in one freedom each: `fixed` always runs all its
replicas, `replicas` makes their number follow the room, `shapes` their number and their shape, `full` also their size
while they run, and puts cores to use where no GPU is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView
from paraset_operator.model.quantity import CPU, MEMORY
from paraset_operator.model.shape import Elastic, ParaSetView, Shape
from paraset_operator.simulation.fleet import GPU
from paraset_operator.simulation.trace_tables import WHOLE_GPU

_GIB = 2**30
_CORE = 1000
_NAMESPACE = "best-effort"

# Shares of a GPU, in 1/1000: steps that lose little of any remainder, and between them what the commonest tasks of
# `openb` leave behind (810 leaves 190, 470 leaves 530, two of 470 leave 60), so that one filler takes all of it.
# fmt: off
SHARES = (
    50, 60, 70, 80, 90, 100, 120, 130, 150, 160, 180, 190, 200, 210, 220, 250, 300, 310, 350, 360,
    400, 410, 450, 500, 530, 540, 600, 630, 680, 700, 770, 800, 840, 900,
)
# fmt: on
WHOLE = (1, 2, 3, 4, 6, 8)
# Worth of a GPU against a core, and the most a filler grows to.
_GPU_WORTH, _CORE_WORTH = 100.0, 1.0
_MOST_CPU, _MOST_MEMORY = 128 * _CORE, 1024 * _GIB


class Kind(StrEnum):
    """Who places and removes the fillers."""

    NONE = "none"
    DEPLOYMENT = "deployment"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Sizes:
    """What fillers are made of: the least of each elastic one, the fixed shape, and how many of it are asked for."""

    cpu: int = _CORE
    memory: int = 4 * _GIB
    fixed_gpu: int = WHOLE_GPU
    fixed_cpu: int = 8 * _CORE
    fixed_memory: int = 32 * _GIB
    replicas: int = 10_000
    checkpoint_seconds: int = 300


@dataclass(frozen=True, slots=True)
class FillerPolicy:
    """Sets and who runs them."""

    name: str
    kind: Kind
    sets: tuple[ParaSetView, ...] = ()
    policies: tuple[PolicyView, ...] = (DEFAULT_POLICY,)

    @property
    def is_elastic(self) -> bool:
        """Whether fillers can shrink before they have to leave."""
        return self.kind is Kind.OPERATOR and any(shape.elastic for each in self.sets for shape in each.shapes)


DESCRIPTIONS = {
    "none": "no fillers",
    "fixed": "a low-priority Deployment of one shape, preempted natively",
    "replicas": "the operator with one fixed shape: only the count follows the room",
    "shapes": "the operator with some thirty GPU shapes of fixed CPU and memory: count and shape follow the room",
    "full": "the operator with all its freedom: count, shape, size in place, and a shape for cores alone",
}
NAMES = tuple(DESCRIPTIONS)


def built_in(name: str, sizes: Sizes) -> FillerPolicy:
    """Return one of the five policies."""
    if name == "none":
        return FillerPolicy(name, Kind.NONE)
    shapes = {"fixed": _fixed, "replicas": _fixed, "shapes": _rigid, "full": _elastic}[name](sizes)
    kind = Kind.DEPLOYMENT if name == "fixed" else Kind.OPERATOR
    return FillerPolicy(name, kind, (_set(name, shapes, sizes),))


def given(name: str, sets: Sequence[ParaSetView], policies: Sequence[PolicyView], sizes: Sizes) -> FillerPolicy:
    """Return the policy of that name with a user's own sets in place of the built-in ones."""
    base = built_in(name, sizes)
    if base.kind is Kind.NONE:
        return base
    return FillerPolicy(name, base.kind, tuple(sets), tuple(policies) or base.policies)


def _set(name: str, shapes: Sequence[Shape], sizes: Sizes) -> ParaSetView:
    return ParaSetView(
        namespace=_NAMESPACE,
        name=name,
        uid=f"uid-{name}",
        ceiling=sizes.replicas,
        shapes=tuple(shapes),
        checkpoint_seconds=sizes.checkpoint_seconds,
    )


def _fixed(sizes: Sizes) -> list[Shape]:
    amounts = {GPU: sizes.fixed_gpu, CPU: sizes.fixed_cpu, MEMORY: sizes.fixed_memory}
    return [Shape("fixed", {name: amount for name, amount in amounts.items() if amount}, value=1.0)]


def _rigid(sizes: Sizes) -> list[Shape]:
    return [
        Shape(_name(gpu), {GPU: gpu, CPU: sizes.cpu, MEMORY: sizes.memory}, value=_gpu_worth(gpu)) for gpu in _gpus()
    ]


def _elastic(sizes: Sizes) -> list[Shape]:
    return [
        *(Shape(_name(gpu), {GPU: gpu}, _elastics(sizes), value=_gpu_worth(gpu)) for gpu in _gpus()),
        Shape("cpu", {}, _elastics(sizes), value=_CORE_WORTH * sizes.cpu / _CORE),
    ]


def _elastics(sizes: Sizes) -> tuple[Elastic, ...]:
    cores = (_MOST_CPU - sizes.cpu) / _CORE
    return (
        Elastic(CPU, sizes.cpu, _MOST_CPU, _CORE_WORTH * cores),
        Elastic(MEMORY, sizes.memory, _MOST_MEMORY, 0.0),
    )


def _gpus() -> list[int]:
    return [*SHARES, *(WHOLE_GPU * count for count in WHOLE)]


def _gpu_worth(gpu: int) -> float:
    return _GPU_WORTH * gpu / WHOLE_GPU


def _name(gpu: int) -> str:
    return f"gpu-{gpu}m" if gpu < WHOLE_GPU else f"gpu-{gpu // WHOLE_GPU}"
