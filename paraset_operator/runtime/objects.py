"""The ParaSets and FillPolicies as last seen, parsed once; what can't be parsed is kept with what is wrong with it.

Kopf's watch brings changes; a complete list at the start, and now and then, makes up for what a watch may miss.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec
import structlog

from paraset_operator.api.names import API_VERSION, FILL_POLICIES, FILL_POLICY, GROUP, PARASET, PARASETS, VERSION
from paraset_operator.api.v1alpha1 import FillPolicy, InvalidObject, ParaSet, parse_fill_policy, parse_paraset
from paraset_operator.cluster.client import Client
from paraset_operator.cluster.wire import ListWire
from paraset_operator.runtime.translate import paraset_view

_log = structlog.get_logger(__name__)
_lists = msgspec.json.Decoder(ListWire)

T = TypeVar("T", ParaSet, FillPolicy)
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """An object: `value` parsed, or None with the `problem` in words."""

    raw: Raw
    value: T | None
    problem: str = ""

    @property
    def uid(self) -> str:
        """Identity of the object."""
        return str(self.raw["metadata"]["uid"])

    @property
    def namespace(self) -> str:
        """Namespace of the object, empty for one without."""
        return str(self.raw["metadata"].get("namespace") or "")

    @property
    def name(self) -> str:
        """Name of the object."""
        return str(self.raw["metadata"]["name"])

    @property
    def key(self) -> str:
        """Namespace and name, as people write them."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def generation(self) -> int:
        """Counts the changes of spec."""
        return int(self.raw["metadata"].get("generation") or 0)

    @property
    def status(self) -> dict[str, Any]:
        """The status as last seen."""
        return dict(self.raw.get("status") or {})

    @property
    def version(self) -> int:
        """The resourceVersion, which grows with every change."""
        return int(self.raw["metadata"].get("resourceVersion") or 0)


class ObjectStore(Generic[T]):
    """One kind by uid. `on_change` is called with the object before and after; None for not there.

    With `namespaces` the objects of others are not seen: nothing is made for them, and nothing written to them.
    """

    def __init__(
        self,
        kind: str,
        plural: str,
        parse: Callable[[Raw], T],
        on_change: Callable[[Known[T] | None, Known[T] | None], None],
        namespaces: frozenset[str] = frozenset(),
    ) -> None:
        self._kind, self._namespaces = kind, namespaces
        self._parse: Callable[[Raw], T] = parse
        self._on_change: Callable[[Known[T] | None, Known[T] | None], None] = on_change
        self.path = f"/apis/{GROUP}/{VERSION}/{plural}"
        self._by_uid: dict[str, Known[T]] = {}

    def __iter__(self) -> Iterator[Known[T]]:
        return iter(sorted(self._by_uid.values(), key=lambda each: each.key))

    def get(self, uid: str) -> Known[T] | None:
        """Return the object with that uid, or None."""
        return self._by_uid.get(uid)

    def path_of(self, known: Known[T]) -> str:
        """Return the path of one object."""
        if not known.namespace:
            return f"{self.path}/{known.name}"
        return self.path.replace(f"/{VERSION}/", f"/{VERSION}/namespaces/{known.namespace}/") + f"/{known.name}"

    def take(self, raw: Raw, *, is_gone: bool = False) -> None:
        """Take over an object from a watch, a list or the answer to a write, unless a newer state of it is known."""
        if self._namespaces and raw["metadata"].get("namespace") not in self._namespaces:
            return
        uid = str(raw["metadata"]["uid"])
        before = self._by_uid.get(uid)
        if is_gone:
            if before is not None:
                del self._by_uid[uid]
                self._on_change(before, None)
            return
        after = self._known(raw)
        if before is None or after.version >= before.version:
            self._by_uid[uid] = after
            self._on_change(before, after)

    def _known(self, raw: Raw) -> Known[T]:
        raw = {"apiVersion": API_VERSION, "kind": self._kind} | dict(raw)
        try:
            return Known(raw, self._parse(raw))
        except InvalidObject as error:
            return Known(raw, None, "; ".join(error.problems))

    async def relist(self, client: Client) -> None:
        """Bring the store in step with a complete list."""
        before, seen, token = set(self._by_uid), set(), ""
        while True:
            page = _lists.decode(await client.page(self.path, token))
            for item in page.items:
                raw = msgspec.json.decode(item)
                seen.add(str(raw["metadata"]["uid"]))
                self.take(raw)
            token = page.metadata.continue_
            if not token:
                break
        for uid in before - seen:
            known = self._by_uid.get(uid)
            if known is not None:
                _log.info("gone", kind=self._kind, name=known.key)
                self.take(known.raw, is_gone=True)


def paraset_store(
    on_change: Callable[[Known[ParaSet] | None, Known[ParaSet] | None], None],
    namespaces: frozenset[str] = frozenset(),
) -> ObjectStore[ParaSet]:
    """Return a store of the ParaSets of some namespaces, of all if none is named."""
    return ObjectStore(PARASET, PARASETS, _parse_plannable, on_change, namespaces)


def _parse_plannable(raw: Raw) -> ParaSet:
    """Return a ParaSet that can be planned for; the rest of a template is only read when a plan is made."""
    paraset = parse_paraset(raw)
    try:
        paraset_view(paraset, "", datetime.now(UTC))
    except (msgspec.ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        problem = f"spec.template.spec: {error}: correct the field, as for a pod"
        raise InvalidObject(f"{PARASET} {paraset.metadata.namespace}/{paraset.metadata.name}", [problem]) from error
    return paraset


def policy_store(
    on_change: Callable[[Known[FillPolicy] | None, Known[FillPolicy] | None], None],
) -> ObjectStore[FillPolicy]:
    """Return a store of FillPolicies."""
    return ObjectStore(FILL_POLICY, FILL_POLICIES, parse_fill_policy, on_change)
