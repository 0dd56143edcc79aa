"""One leader, by a coordination.k8s.io Lease, as client-go elects one. Safety never rests on it: names, uids and
bounds hold with two leaders; it only spares the cluster two opinions.

Invariants: leadership is believed for less time than it is granted for; foreign clocks are never compared with ours,
only whether the Lease has changed since we last looked.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from paraset_operator.api.names import OPERATOR
from paraset_operator.cluster.client import EXPECTED_ERRORS, ApiError, Client

_log = structlog.get_logger(__name__)

DURATION, BELIEVED, RENEW_EVERY, TRY_EVERY = 15, 10.0, 5.0, 2.0

Body = dict[str, Any]


class Lease:
    """The Lease `paraset-operator` of a namespace; `on_change` is told when leadership comes or goes."""

    def __init__(self, client: Client, namespace: str, identity: str, on_change: Callable[[bool], None]) -> None:
        self._client, self._namespace, self._identity, self._on_change = client, namespace, identity, on_change
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._path = f"{self._collection}/{OPERATOR}"
        self._believed_until = float("-inf")
        self._told = False
        self._is_over = False
        self._seen: tuple[object, ...] = ()
        self._seen_at = 0.0

    @property
    def is_held(self) -> bool:
        """Whether we lead now."""
        return time.monotonic() < self._believed_until

    async def run(self) -> None:
        """Try to lead, and go on leading, until cancelled or given up."""
        while not self._is_over:
            await self._attempt()
            self._tell()
            await asyncio.sleep(RENEW_EVERY if self.is_held else TRY_EVERY)
            self._tell()

    async def give_up(self) -> None:
        """Let go of the Lease for good, so that a standby need not wait."""
        self._is_over = True
        if not self.is_held:
            return
        self._believed_until = float("-inf")
        try:
            lease = msgspec.json.decode(await self._client.get(self._path))
            if lease["spec"].get("holderIdentity") == self._identity:
                lease["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1}
                await self._client.replace(self._path, lease)
        except EXPECTED_ERRORS as error:
            _log.warning("lease not given up", error=str(error) or type(error).__name__)

    def _tell(self) -> None:
        if self.is_held != self._told:
            self._told = self.is_held
            _log.info("leading" if self._told else "standing by", identity=self._identity)
            self._on_change(self._told)

    async def _attempt(self) -> None:
        began = time.monotonic()
        try:
            if await self._take_or_renew():
                self._believed_until = began + BELIEVED
        except ApiError as error:
            if error.status != 409:
                _log.warning("lease not renewed", lease=f"{self._namespace}/{OPERATOR}", error=str(error))
        except EXPECTED_ERRORS as error:
            _log.warning("lease not renewed", error=str(error) or type(error).__name__)

    async def _take_or_renew(self) -> bool:
        """Write the Lease if it is free, ours, or has not been renewed in time; say whether we hold it now."""
        try:
            lease = msgspec.json.decode(await self._client.get(self._path))
        except ApiError as error:
            if error.status != 404:
                raise
            await self._client.create(self._collection, self._new())
            return True
        if not self._may_take(lease["spec"]):
            return False
        await self._client.replace(self._path, lease | {"spec": self._spec(lease["spec"])})
        return True

    def _may_take(self, spec: Mapping[str, Any]) -> bool:
        holder, seen = spec.get("holderIdentity") or "", (spec.get("holderIdentity"), spec.get("renewTime"))
        if seen != self._seen:
            self._seen, self._seen_at = seen, time.monotonic()
        expired = time.monotonic() - self._seen_at > float(spec.get("leaseDurationSeconds") or DURATION)
        return holder in ("", self._identity) or expired

    def _spec(self, before: Mapping[str, Any]) -> Body:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        is_new = before.get("holderIdentity") != self._identity
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": DURATION,
            "renewTime": now,
            "acquireTime": now if is_new else before.get("acquireTime") or now,
            "leaseTransitions": int(before.get("leaseTransitions") or 0) + is_new,
        }

    def _new(self) -> Body:
        spec = self._spec({"holderIdentity": self._identity})
        metadata = {"name": OPERATOR, "namespace": self._namespace}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
