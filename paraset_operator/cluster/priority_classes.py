"""PriorityClasses: what priority a pod will get, and whether it may preempt, before it exists."""

from collections.abc import Callable

import msgspec

from paraset_operator.cluster.wire import Metadata, Wire


class PriorityClassWire(Wire):
    """A PriorityClass."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    value: int = 0
    global_default: bool = False
    preemption_policy: str = ""


_classes = msgspec.json.Decoder(PriorityClassWire)


class PriorityClasses:
    """All classes by name; nothing is known of any pod before a complete list was seen."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._by_name: dict[str, PriorityClassWire] = {}
        self._on_change = on_change
        self._is_complete = False

    def resolve(self, name: str, priority: int | None, preemption_policy: str) -> tuple[int, bool] | None:
        """Return the priority that a pod will get and whether it may preempt; None if nobody can say."""
        if not self._is_complete:
            return None
        of = self._by_name.get(name) if name else self._default()
        if of is None and name:
            return None
        value = of.value if of else 0
        policy = preemption_policy or (of.preemption_policy if of else "")
        return (value if priority is None else priority), policy != "Never"

    def _default(self) -> PriorityClassWire | None:
        """Return the class of pods that name none: of several marked so, the lowest, as admission has it."""
        marked = (each for each in self._by_name.values() if each.global_default)
        return min(marked, key=lambda each: (each.value, each.metadata.name), default=None)

    def upsert(self, data: msgspec.Raw) -> None:
        """Take over a class that was added or changed."""
        wire = _classes.decode(data)
        self._by_name[wire.metadata.name] = wire
        self._changed()

    def remove(self, data: msgspec.Raw) -> None:
        """Forget a deleted class."""
        self._by_name.pop(_classes.decode(data).metadata.name, None)
        self._changed()

    def prune(self, seen: set[str]) -> None:
        """Forget classes that a complete list did not name; a cluster always has some, so none means not allowed."""
        self._by_name = {name: each for name, each in self._by_name.items() if each.metadata.uid in seen}
        self._is_complete = bool(seen)
        self._on_change()

    def _changed(self) -> None:
        if self._is_complete:
            self._on_change()
