"""What a snapshot says of itself: the first object in its list, of a kind of its own."""

from typing import Any

import msgspec

from paraset_operator import __version__
from paraset_operator.api.names import API_VERSION
from paraset_operator.cluster.wire import Wire
from paraset_operator.runtime.memory_json import MemoryWire

KIND = "ClusterSnapshot"


class SnapshotInfo(Wire):
    """When it was taken, in seconds since the epoch, and by which version.

    `template_hashes` are by set and shape; `problems` say what is wrong with sets that are left out; `notes` what could
    not be read. Without a `memory` nobody knows what the operator remembers.
    """

    taken_at: float = 0.0
    version: str = ""
    template_hashes: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    problems: dict[str, str] = msgspec.field(default_factory=dict)
    notes: list[str] = msgspec.field(default_factory=list)
    memory: MemoryWire | None = None

    def as_object(self) -> dict[str, Any]:
        """Return it as an object of a list."""
        body = dict(msgspec.to_builtins(self))
        return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": KIND.lower()}} | body


def info_of(taken_at: float, **parts: Any) -> SnapshotInfo:
    """Return what a snapshot that is taken by this version says of itself."""
    return SnapshotInfo(taken_at=taken_at, version=__version__, **parts)
