"""What objects say about pods to come, as values: how many pods there shall be, and what they will be like.

A claim is one object's word for one set of pods. Two claims may speak of the same pods: an autoscaler and its target,
a Workload of Kueue and its Job. What of it is still to come is for who knows the pods (runtime/announcements.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec
import structlog

from paraset_operator.cluster.wire import EventObject
from paraset_operator.model.announced import Source
from paraset_operator.model.constraints import Constraints
from paraset_operator.model.resources import Resources

_log = structlog.get_logger(__name__)

# Namespace, and the object whose pods they are, as "Deployment/web".
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Template:
    """What a pod will be like. `priority` is that of its class until somebody has looked it up."""

    requests: Resources
    constraints: Constraints
    priority_class: str = ""
    priority: int | None = None
    preemption_policy: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One object's word: `wanted` pods of `key` there shall be, `running` of which it has seen itself.

    Without a `template` it is that of another claim of the same key, or, with `template_of`, a PodTemplate's. A claim
    that `stands` counts its pods beside those that exist, for as long as it is there. One that is `quiet` asks for
    nothing and only says how many pods there will be at most.
    """

    source: Source
    asker: str
    key: Key
    wanted: int
    template: Template | None = None
    template_of: str = ""
    running: int = 0
    stands: bool = False
    quiet: bool = False


class ClaimStore:
    """The claims of one kind of object, by object; only those that could ask for anything are kept."""

    def __init__(self, decode: Callable[[msgspec.Raw], tuple[Claim, ...]], on_change: Callable[[Key], None]) -> None:
        self._decode, self._on_change = decode, on_change
        self._by_uid: dict[str, tuple[Claim, ...]] = {}
        self._by_key: dict[Key, tuple[Claim, ...]] = {}

    def of(self, key: Key) -> Iterable[Claim]:
        """Return the claims to these pods."""
        return self._by_key.get(key, ())

    def claimed(self) -> list[Key]:
        """Return all keys that are claimed."""
        return [*self._by_key]

    def upsert(self, data: msgspec.Raw) -> None:
        """Take over an object that was added or changed."""
        self._put(_uid_of(data), self._claims(data))

    def remove(self, data: msgspec.Raw) -> None:
        """Forget a deleted object."""
        self._put(_uid_of(data), ())

    def prune(self, seen: set[str]) -> None:
        """Forget objects that a complete list did not name."""
        for uid in [uid for uid in self._by_uid if uid not in seen]:
            self._put(uid, ())

    def _claims(self, data: msgspec.Raw) -> tuple[Claim, ...]:
        """Return what the object claims; one of somebody else's API that can't be read claims nothing."""
        try:
            return self._decode(data)
        except msgspec.ValidationError as error:
            meta = _objects.decode(data).metadata
            _log.warning("announces nothing: can't be read", object=f"{meta.namespace}/{meta.name}", error=str(error))
            return ()

    def _put(self, uid: str, claims: tuple[Claim, ...]) -> None:
        before = self._by_uid.pop(uid, ())
        if claims == before:
            claims = before
        if claims:
            self._by_uid[uid] = claims
        if claims is before:
            return
        for claim in before:
            rest = tuple(each for each in self._by_key.pop(claim.key, ()) if each is not claim)
            if rest:
                self._by_key[claim.key] = rest
        for claim in claims:
            self._by_key[claim.key] = (*self._by_key.get(claim.key, ()), claim)
        for key in sorted({claim.key for claim in (*before, *claims)}):
            self._on_change(key)


_objects = msgspec.json.Decoder(EventObject)


def _uid_of(data: msgspec.Raw) -> str:
    return _objects.decode(data).metadata.uid
