"""Gives a snapshot other names, so that it can be shown to people who shall not know the cluster.

Names, label keys and values, and the keys of unknown extended resources are taken apart into words at `-`, `.` and `/`.
Every word becomes another one, the same wherever it stands; numbers stay. So a filler is still named after its set, a
ReplicaSet after its Deployment, a selector still fits its labels, and what was first in the order of names still is.
Words of Kubernetes' own vocabulary stay, and so do uids, hashes, amounts and times. Texts for people are left out.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from paraset_operator.api.names import (
    ANNOTATION_CONTAINER,
    FILLER_PRIORITY_CLASS,
    GROUP,
    LABEL_TEMPLATE_HASH,
    OPERATOR,
)

_WORD = re.compile(r"[^-./]+")
_WELL_KNOWN = re.compile(
    r"(^|\.)(kubernetes\.io|k8s\.io|x-k8s\.io|nvidia\.com|amd\.com|intel\.com|alibabacloud\.com|karpenter\.sh|"
    + re.escape(GROUP)
    + r")/"
)
_KEPT = frozenset({"", "true", "false", FILLER_PRIORITY_CLASS, "system-cluster-critical", "system-node-critical"})
# Fields that hold a name, or several.
_NAMES = frozenset({"name", "namespace", "nodeName", "nominatedNodeName", "container", "priorityClassName", "values"})
_LABELS = frozenset({"labels", "matchLabels"})
_AMOUNTS = frozenset(
    {"requests", "allocatable", "allocatedResources", "fixed", "elastic", "reserve", "limits", "overhead"}
)
_BY_NAME = frozenset({"templateHashes", "problems", "coolDowns", "lapses"})
_TEXTS = frozenset({"message"})
_CONTAINER = ("annotations", ANNOTATION_CONTAINER)

Alias = Callable[[str], str]


def anonymized(text: bytes) -> bytes:
    """Return a snapshot under other names; the same snapshot always gets the same ones."""
    body = json.loads(text)
    found: set[str] = set()
    _walk(body, lambda name: _collected(name, found))
    words = sorted(word for word in found if not word.isdecimal())
    width = len(str(len(words)))
    aliases = {word: f"w{number:0{width}}" for number, word in enumerate(words, start=1)}
    return json.dumps(_walk(body, lambda name: _WORD.sub(lambda it: aliases.get(it[0], it[0]), name))).encode()


def _collected(name: str, into: set[str]) -> str:
    into.update(_WORD.findall(name))
    return name


def _walk(value: Any, alias: Alias, field: str = "") -> Any:
    """Return a value under other names; `field` is what it is called where it stands."""
    if isinstance(value, dict):
        return {_key(key, field, alias): _field(key, each, alias, field, value) for key, each in value.items()}
    if isinstance(value, list):
        return [_walk(each, alias, field) for each in value]
    return _name(value, alias) if field in _NAMES and isinstance(value, str) else value


def _key(key: str, field: str, alias: Alias) -> str:
    if field in _LABELS or (field == "nodeSelector" and key not in ("matchLabels", "matchExpressions")):
        return _name(key, alias)
    if field in _AMOUNTS or field == "resources":
        return _name(key, alias) if "/" in key else key
    if field == "backOffs":
        return _place(key, alias)
    return _name(key, alias) if field in _BY_NAME else key


def _field(key: str, value: Any, alias: Alias, field: str, beside: Mapping[str, Any]) -> Any:
    if field in _AMOUNTS:
        return value
    if field == "templateHashes":
        return {_name(shape, alias): text for shape, text in value.items()}
    if isinstance(value, str):
        return _text(key, value, alias, field, has_key="key" in beside)
    return _walk(value, alias, key)


def _text(key: str, value: str, alias: Alias, field: str, *, has_key: bool) -> str:
    if field == "problems" or key in _TEXTS:
        # Whose word it is decides whether a pod counts as preempted.
        return OPERATOR if value.startswith(OPERATOR) else ""
    if key == "key":
        return _name(value, alias)
    if key == LABEL_TEMPLATE_HASH:
        return value
    is_name = key in _NAMES or field in _LABELS or field == "nodeSelector" or (field, key) == _CONTAINER
    return _name(value, alias) if is_name or (has_key and key == "value") else value


def _name(name: str, alias: Alias) -> str:
    return name if name in _KEPT or name.startswith("metadata.") or _WELL_KNOWN.search(name) else alias(name)


def _place(key: str, alias: Alias) -> str:
    """Return the key of a wait: a uid, or a uid and a node."""
    uid, slash, node = key.partition("/")
    return uid + slash + _name(node, alias)
