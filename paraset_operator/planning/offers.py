"""The options of a plan: what each set could put on a node, as rows of arrays.

Every shape is one option at its smallest. A shape whose growth is worth something is a second one at its largest, so
that a price per core or per instance decides between them.
"""

import numpy as np

from paraset_operator.model.resources import is_device
from paraset_operator.model.shape import Shape
from paraset_operator.planning.problem import DeviceKind, Ints, Options
from paraset_operator.planning.survey_rows import Ground, Rows
from paraset_operator.planning.worth import Scales, density, largest, worth_of


def options_of(ground: Ground, scales: Scales, kinds: tuple[DeviceKind, ...]) -> Options:
    """Return the options of all sets for nodes whose devices are of these kinds."""
    scale = [scales[owner.key] for owner in ground.sets]
    kind_of = {kind.resource: index for index, kind in enumerate(kinds)}
    rows = [
        (index, owner, shape, sizes)
        for index, (owner, shape) in enumerate(ground.shapes)
        for sizes in _starts(shape)
        if _may_exist(shape, kinds)
    ]
    need = np.array([_vector(shape.at(sizes), ground.columns) for _, _, shape, sizes in rows], dtype=np.int64)
    primary = [_primary(shape, kind_of) for _, _, shape, _ in rows]
    return Options(
        need=need.reshape(len(rows), len(ground.columns)),
        kind=np.array([kind_of.get(name, -1) for name, _ in primary], dtype=np.int64),
        amount=np.array([amount for _, amount in primary], dtype=np.int64),
        owner=np.array([owner for _, owner, _, _ in rows], dtype=np.int64),
        shape=np.array([index for index, _, _, _ in rows], dtype=np.int64),
        twin=_twins([index for index, _, _, _ in rows]),
        value=np.array([worth_of(shape, sizes) * scale[owner] for _, owner, shape, sizes in rows], dtype=np.float64),
        span=np.array([_span(shape, sizes, ground.columns) for _, _, shape, sizes in rows], dtype=np.int64).reshape(
            len(rows), len(ground.columns)
        ),
        density=np.array(
            [_density(shape, ground.columns, scale[owner]) for _, owner, shape, _ in rows], dtype=np.float64
        ).reshape(len(rows), len(ground.columns)),
    )


class Offers:
    """The options for nodes of all kinds, found once for shapes and what sets are worth."""

    def __init__(self, ground: Ground, scales: Scales) -> None:
        self._ground, self._scales = ground, scales
        # By the resources and sizes of devices.
        self._options: dict[tuple[tuple[str, int], ...], Options] = {}

    def still(self, ground: Ground, scales: Scales) -> "Offers":
        """Return those for these shapes and scales: the same, if these are."""
        is_same_ground = ground.shapes is self._ground.shapes and ground.columns == self._ground.columns
        return self if is_same_ground and scales == self._scales else Offers(ground, scales)

    def to(self, kinds: tuple[DeviceKind, ...]) -> Options:
        """Return the options for nodes whose devices are of these kinds."""
        key = tuple((kind.resource, kind.unit) for kind in kinds)
        if key not in self._options:
            self._options[key] = options_of(self._ground, self._scales, kinds)
        return self._options[key]


def _twins(shapes: list[int]) -> Ints:
    """Return the first option of the same shape, for each."""
    return np.array([shapes.index(each) for each in shapes], dtype=np.int64)


def device_columns(ground: Ground) -> list[str]:
    """Return the resources that are some shape's devices, those first of which devices are tracked."""
    names = {_first_device(shape) for _, shape in ground.shapes} - {""}
    return sorted(names, key=lambda name: (name not in ground.tracked, name))


def _starts(shape: Shape) -> list[dict[str, int]]:
    sizes = largest(shape)
    grows = any(sizes[each.resource] > each.minimum for each in shape.elastic)
    return [{}, sizes] if grows else [{}]


def _first_device(shape: Shape) -> str:
    return min((name for name, amount in shape.smallest.items() if amount > 0 and is_device(name)), default="")


def _primary(shape: Shape, kind_of: dict[str, int]) -> tuple[str, int]:
    held = [name for name in shape.smallest if shape.smallest[name] > 0 and name in kind_of]
    name = min(held, key=lambda each: kind_of[each], default="")
    return name, shape.smallest.get(name, 0)


def _may_exist(shape: Shape, kinds: tuple[DeviceKind, ...]) -> bool:
    """Say whether an amount of devices is less than one of them, or a whole number of them."""
    amounts = [(shape.smallest.get(kind.resource, 0), kind.unit) for kind in kinds]
    return all(amount < unit or amount % unit == 0 for amount, unit in amounts)


def _vector(amounts: dict[str, int], columns: tuple[str, ...]) -> list[int]:
    return [amounts.get(name, 0) for name in columns]


def _span(shape: Shape, sizes: dict[str, int], columns: tuple[str, ...]) -> list[int]:
    """Return by how much an option may still grow; growth that is worth nothing counts for nothing."""
    least, most = shape.at(sizes), shape.at(largest(shape))
    return [most.get(name, 0) - least.get(name, 0) for name in columns]


def _density(shape: Shape, columns: tuple[str, ...], scale: float) -> list[float]:
    by_name = {each.resource: density(each) * scale for each in shape.elastic}
    return [by_name.get(name, 0.0) for name in columns]


def as_options(counts: Ints, options: Options) -> Ints:
    """Return fillers that run (N x shapes) as options, each at its smallest, since it may shrink."""
    kept = np.zeros((len(counts), len(options)), dtype=np.int64)
    shapes, first = np.unique(options.shape, return_index=True)
    kept[:, first] = counts[:, shapes]
    return kept


def as_shapes(counts: Ints, options: Options, shapes: int) -> Ints:
    """Return fillers by option (N x S) by the shape they start as (N x shapes)."""
    number = np.zeros((len(counts), shapes), dtype=np.int64)
    np.add.at(number.T, options.shape, counts.T)
    return number


def kinds_of(ground: Ground, rows: Rows, units: tuple[int, ...], at: Ints) -> tuple[DeviceKind, ...]:
    """Return the devices of the nodes `at`, whose tracked devices are of these sizes."""
    kinds = []
    for name in device_columns(ground):
        column = ground.columns.index(name)
        unit = units[ground.tracked.index(name)] if name in ground.tracked else 0
        if unit:
            devices = rows.devices[at, ground.tracked.index(name)]
            parts = np.where((devices > 0) & (devices < unit), devices, 0)
            kinds.append(DeviceKind(name, unit, column, (devices == unit).sum(axis=1), parts))
        else:
            free = (rows.room[at, column] - rows.smallest[at, column]).clip(min=0)
            kinds.append(DeviceKind(name, 1, column, free, np.zeros((len(at), 0), dtype=np.int64)))
    return tuple(kinds)


def rows_by_units(ground: Ground, rows: Rows, at: Ints) -> list[tuple[tuple[int, ...], Ints]]:
    """Return those of the nodes `at` whose tracked devices are of the same sizes, with these; 0 where they are counted.

    A node that has nothing of a resource goes with the commonest size of it.
    """
    if not len(at):
        return []
    units, totals = rows.unit[at].copy(), rows.total[at][:, [ground.columns.index(name) for name in ground.tracked]]
    for column in range(units.shape[1]):
        sizes, counts = np.unique(units[:, column][units[:, column] > 0], return_counts=True)
        if len(sizes):
            units[(units[:, column] == 0) & (totals[:, column] == 0), column] = sizes[counts.argmax()]
    if not units.shape[1]:
        return [((), at)]
    keys, member = np.unique(units, axis=0, return_inverse=True)
    member = member.reshape(-1)
    return [(tuple(int(size) for size in key), at[member == index]) for index, key in enumerate(keys)]
