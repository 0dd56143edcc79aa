"""ParaSets, FillPolicies and namespaces from files, by name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from paraset_operator.api.names import FILL_POLICY, PARASET
from paraset_operator.api.v1alpha1 import FillPolicy, InvalidObject, ParaSet, parse_fill_policy, parse_paraset
from paraset_operator.cluster.wire import Metadata, Wire
from paraset_operator.runtime.offline_files import Document, OfflineError, manifest_documents, read

Labels: TypeAlias = dict[str, str]


@dataclass(slots=True)
class Objects:
    """What was found in manifests or in a dump; `kinds` are all kinds seen, for messages.

    A policy that can't be read is None; what is wrong with it, or with a set, by name, is in `problems`.
    """

    sets: dict[str, ParaSet] = field(default_factory=dict)
    policies: dict[str, FillPolicy | None] = field(default_factory=dict)
    namespaces: dict[str, Labels] = field(default_factory=dict)
    kinds: dict[str, None] = field(default_factory=dict)
    problems: dict[str, InvalidObject] = field(default_factory=dict)

    def overlaid(self, above: "Objects") -> "Objects":
        """Return both together: of two of one name that of `above` counts.

        But labels of namespaces add up, and what the operator has told of a policy is still told.
        """
        labels = {name: self.namespaces.get(name, {}) | more for name, more in above.namespaces.items()}
        policies = {name: _told(each, self.policies.get(name)) for name, each in above.policies.items()}
        given = {*above.sets, *above.policies}
        problems = {name: each for name, each in self.problems.items() if name not in given}
        sets, merged = self.sets | above.sets, self.policies | policies
        return Objects(sets, merged, self.namespaces | labels, self.kinds, problems)

    def take(self, document: Document, *, strict: bool) -> None:
        """Take over an object of a kind that is of interest; raise OfflineError for one that is there already."""
        self.kinds[document.kind] = None
        body = msgspec.json.decode(document.data)
        try:
            if document.kind == PARASET:
                self._take_set(body, document, strict=strict)
            elif document.kind == FILL_POLICY:
                self._take_policy(body, document, strict=strict)
            elif document.kind == "Namespace":
                meta = metadata_of(document)
                self.namespaces[meta.name] = meta.labels or {}
        except InvalidObject as error:
            if strict:
                raise OfflineError(f"{document.source}: {error}") from error
            self.problems[error.who.partition(" ")[2]] = error

    def _take_set(self, body: dict[str, Any], document: Document, *, strict: bool) -> None:
        paraset = parse_paraset(_in_namespace(body), strict=strict)
        _put(self.sets, f"{paraset.metadata.namespace}/{paraset.metadata.name}", paraset, document)

    def _take_policy(self, body: dict[str, Any], document: Document, *, strict: bool) -> None:
        try:
            policy = parse_fill_policy(body, strict=strict)
        except InvalidObject:
            if not strict:
                self.policies[metadata_of(document).name] = None
            raise
        _put(self.policies, policy.metadata.name, policy, document)


def _told(policy: FillPolicy | None, dumped: FillPolicy | None) -> FillPolicy | None:
    return policy.model_copy(update={"status": dumped.status}) if policy and dumped else policy


def take_manifest(path: str, into: Objects) -> None:
    """Take over the objects of a file of manifests; raise OfflineError."""
    found = Objects()
    for document in manifest_documents(read(path), path):
        found.take(document, strict=True)
    if not (found.sets or found.policies or found.namespaces):
        kinds = ", ".join(found.kinds) or "nothing"
        raise OfflineError(f"{path}: holds no {PARASET} and no {FILL_POLICY}, but {kinds}: name a file that does")
    _refuse_twice(path, PARASET, into.sets.keys() & found.sets.keys())
    _refuse_twice(path, FILL_POLICY, into.policies.keys() & found.policies.keys())
    into.sets |= found.sets
    into.policies |= found.policies
    into.namespaces |= found.namespaces


def _refuse_twice(path: str, kind: str, names: Iterable[str]) -> None:
    for name in sorted(names):
        raise OfflineError(f"{path}: {kind} {name} was in another file given with -f already: keep one of them")


def _put(into: dict[str, Any], name: str, value: object, document: Document) -> None:
    if name in into:
        raise OfflineError(f"{document.source}: holds {document.kind} {name} twice: keep one of them")
    into[name] = value


def _in_namespace(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("namespace"):
        return body
    return body | {"metadata": metadata | {"namespace": "default"}}


class _Named(Wire):
    metadata: Metadata = msgspec.field(default_factory=Metadata)


_named = msgspec.json.Decoder(_Named)


def metadata_of(document: Document) -> Metadata:
    """Return an object's metadata; raise OfflineError if it has no name."""
    metadata = _named.decode(document.data).metadata
    if not metadata.name:
        raise OfflineError(f"{document.source}: {document.who} has no metadata.name: give it one")
    return metadata
