"""Keeps the accounts in a ConfigMap: read when a leader begins, written about once a minute and when it ends.

To lose it loses history and nothing else. It is written only when something other than time has changed, and never
before the one that is there has been read, so that no history is overwritten by mistake.
"""

import asyncio
import time

import msgspec
import structlog

from paraset_operator.api.names import OPERATOR
from paraset_operator.cluster.client import EXPECTED_ERRORS, ApiError, Client
from paraset_operator.reporting.ledger_json import UnreadableError, read_book, write_book
from paraset_operator.runtime.accounts import Accounts
from paraset_operator.runtime.write_pace import WritePace

_log = structlog.get_logger(__name__)

NAME, KEY = "paraset-accounts", "accounts.json"
# Seconds between two looks, and after a read that has failed.
_LOOK, _PAUSE = 0.5, 10.0


class ConfigMapWire(msgspec.Struct):
    """The part of a ConfigMap that matters here."""

    data: dict[str, str] | None = None


def path_in(namespace: str) -> str:
    """Return the path of the accounts that an operator keeps in a namespace."""
    return f"/api/v1/namespaces/{namespace}/configmaps/{NAME}"


def book_text(body: bytes) -> str | None:
    """Return the text of the book in a ConfigMap, None if it has none."""
    return (msgspec.json.decode(body, type=ConfigMapWire).data or {}).get(KEY)


class AccountsStore:
    """The ConfigMap of one leader."""

    def __init__(self, client: Client, namespace: str, accounts: Accounts) -> None:
        self._client, self._namespace, self._path = client, namespace, path_in(namespace)
        self._accounts = accounts
        self._has_read = False
        self._pause_until = 0.0
        self._pace = WritePace()

    async def run(self) -> None:
        """Read and write until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            if self._accounts.book is None:
                self._has_read = False
            elif not self._has_read:
                if time.monotonic() > self._pause_until:
                    await self._read()
            elif self._pace.is_due(self._accounts.changes, time.monotonic()):
                await self.write()

    async def finish(self) -> None:
        """Write what has not been written yet, before the next leader reads it."""
        if self._accounts.book is not None and not self._has_read:
            await self._read()
        await self.write()

    async def write(self) -> None:
        """Write what has changed, if anything has."""
        book, changes = self._accounts.book, self._accounts.changes
        if book is None or not self._has_read or changes == self._pace.written:
            return
        self._accounts.advance()
        metadata = {"name": NAME, "namespace": self._namespace, "labels": {"app.kubernetes.io/name": "paraset"}}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {KEY: write_book(book)}}
        try:
            await self._client.apply(self._path, body, OPERATOR)
            self._pace.wrote(changes, time.monotonic())
        except EXPECTED_ERRORS as error:
            self._pace.wrote(None, time.monotonic())
            _log.warning("accounts not written", path=self._path, error=str(error) or type(error).__name__)

    async def _read(self) -> None:
        known = False
        try:
            text = book_text(await self._client.get(self._path))
            if text is not None:
                self._accounts.adopt(read_book(text))
                known = True
        except (UnreadableError, msgspec.DecodeError) as error:
            _log.warning("accounts begin anew: those there can't be read", path=self._path, error=str(error))
        except EXPECTED_ERRORS as error:
            if not (isinstance(error, ApiError) and error.status == 404):
                _log.warning("accounts not read", path=self._path, error=str(error) or type(error).__name__)
                self._pause_until = time.monotonic() + _PAUSE
                return
        # What a reader knows already need not be written.
        self._has_read, self._pace = True, WritePace.begin(0 if known else -1, time.monotonic())
