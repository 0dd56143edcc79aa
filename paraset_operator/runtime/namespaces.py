"""The labels of all namespaces, by which a policy may name tenants."""

from collections.abc import Callable

import msgspec

from paraset_operator.cluster.wire import EventObject

_objects = msgspec.json.Decoder(EventObject)


class NamespaceStore:
    """Labels by namespace."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.labels: dict[str, dict[str, str]] = {}
        self._uids: dict[str, str] = {}
        self._on_change = on_change

    def upsert(self, data: msgspec.Raw) -> None:
        """Take over a namespace that was added or changed."""
        meta = _objects.decode(data).metadata
        self._uids[meta.name] = meta.uid
        if self.labels.get(meta.name) != (meta.labels or {}):
            self.labels[meta.name] = meta.labels or {}
            self._on_change()

    def remove(self, data: msgspec.Raw) -> None:
        """Forget a deleted namespace."""
        self._forget(_objects.decode(data).metadata.name)

    def prune(self, seen: set[str]) -> None:
        """Forget namespaces that a complete list did not name."""
        for name in [name for name, uid in self._uids.items() if uid not in seen]:
            self._forget(name)

    def _forget(self, name: str) -> None:
        self._uids.pop(name, None)
        if self.labels.pop(name, None) is not None:
            self._on_change()
