"""PodTemplates: what the pods that a CapacityBuffer promises are like."""

from collections.abc import Callable

import msgspec

from paraset_operator.cluster.claim_decode import pod_template
from paraset_operator.cluster.claims import Template
from paraset_operator.cluster.wire import EventObject

_objects = msgspec.json.Decoder(EventObject)


class PodTemplates:
    """Templates by namespace and name."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._by_name: dict[tuple[str, str], Template] = {}
        self._uids: dict[tuple[str, str], str] = {}
        self._on_change = on_change

    def get(self, name: tuple[str, str]) -> Template | None:
        """Return the template of that namespace and name, or None."""
        return self._by_name.get(name)

    def upsert(self, data: msgspec.Raw) -> None:
        """Take over a template that was added or changed."""
        name, template = pod_template(data)
        self._uids[name] = _objects.decode(data).metadata.uid
        if self._by_name.get(name) != template:
            self._by_name[name] = template
            self._on_change()

    def remove(self, data: msgspec.Raw) -> None:
        """Forget a deleted template."""
        self._forget(pod_template(data)[0])

    def prune(self, seen: set[str]) -> None:
        """Forget templates that a complete list did not name."""
        for name in [name for name, uid in self._uids.items() if uid not in seen]:
            self._forget(name)

    def _forget(self, name: tuple[str, str]) -> None:
        self._uids.pop(name, None)
        if self._by_name.pop(name, None) is not None:
            self._on_change()
