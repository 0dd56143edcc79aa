"""How long it takes from an LS pod's creation to the first write that makes it room, by the API server's audit log.

The creation counts when the API server has answered it, the write when it has received it. For whom the operator has
made room, and by which pods, is in its own log; the times are not its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from demo.install import OPERATOR_USER
from demo.workload import NAMESPACE

WRITES = frozenset({"delete", "resize"})


class Tail:
    """What is written to a file of JSON lines from here on."""

    def __init__(self, path: Path) -> None:
        self._path, self._from = path, path.stat().st_size if path.exists() else 0

    def lines(self) -> Iterator[dict[str, Any]]:
        """Return the objects of complete lines; what is no JSON is passed over."""
        with self._path.open() as file:
            file.seek(self._from)
            for line in file:
                if line.startswith("{") and line.endswith("}\n"):
                    yield json.loads(line)


def seconds_to_delete(audit: Iterable[dict[str, Any]], log: Iterable[dict[str, Any]]) -> list[float]:
    """Return the seconds of each LS pod for which the operator has sent a write, the shortest first."""
    created: dict[str, float] = {}
    sent: dict[str, float] = {}
    for entry in audit:
        about, code = entry.get("objectRef", {}), entry.get("responseStatus", {}).get("code", 0)
        if about.get("resource") != "pods" or code >= 300:
            continue
        if entry["verb"] == "create" and about.get("namespace") == NAMESPACE and "subresource" not in about:
            created[f"{NAMESPACE}/{about['name']}"] = _time(entry["stageTimestamp"])
        elif entry["user"]["username"] == OPERATOR_USER and _makes_room(entry, about):
            sent.setdefault(f"{about['namespace']}/{about['name']}", _time(entry["requestReceivedTimestamp"]))
    firsts: dict[str, float] = {}
    for line in log:
        who, filler = line.get("beneficiary"), line.get("pod")
        if line.get("event") in WRITES and who in created and filler in sent:
            firsts[who] = min(sent[filler], firsts.get(who, sent[filler]))
    return sorted(at - created[pod] for pod, at in firsts.items())


def _makes_room(entry: dict[str, Any], about: dict[str, Any]) -> bool:
    return entry["verb"] == "delete" or about.get("subresource") == "resize"


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
