"""`paraset report`: reads the accounts that the operator keeps in the cluster, and until when they hold true."""

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from paraset_operator.api.names import OPERATOR
from paraset_operator.cluster.client import EXPECTED_ERRORS, ApiError, Client
from paraset_operator.cluster.connection import Connection, ConnectionFailedError, connect
from paraset_operator.reporting.balance import Balance, balance_of
from paraset_operator.reporting.ledger import Book
from paraset_operator.reporting.ledger_json import UnreadableError, read_book
from paraset_operator.runtime.accounts_store import NAME, book_text, path_in
from paraset_operator.runtime.lease import DURATION


class ReportError(Exception):
    """Why there is no balance, in one sentence that says what to do."""


def balance_in_cluster(kubeconfig: str | None, context: str | None, namespace: str, hours: int) -> Balance:
    """Return the balance of the last hours of a live cluster; raise ReportError."""
    try:
        connection = connect(kubeconfig, context)
    except ConnectionFailedError as error:
        raise ReportError(str(error)) from error
    return asyncio.run(_read(connection, namespace, hours))


async def _read(connection: Connection, namespace: str, hours: int) -> Balance:
    async with Client(connection) as client:
        book = await _book(client, connection.server, namespace)
        until, notes = await _until(client, namespace, book)
    return balance_of(book, hours, until, notes)


async def _book(client: Client, server: str, namespace: str) -> Book:
    where = f"ConfigMap {namespace}/{NAME}"
    try:
        text = book_text(await client.get(path_in(namespace)))
    except ApiError as error:
        raise ReportError(_refusal(where, server, namespace, error)) from error
    except msgspec.DecodeError as error:
        raise ReportError(f"{where} can't be read: {error}") from error
    except EXPECTED_ERRORS as error:
        words = str(error) or type(error).__name__
        raise ReportError(
            f"the API server at {server} can't be reached: {words}; choose another with --kubeconfig or --context"
        ) from error
    if text is None:
        raise ReportError(f"{where} holds no accounts yet: the operator writes them within a minute of leading")
    try:
        return read_book(text)
    except UnreadableError as error:
        raise ReportError(
            f"{where} can't be read: {error}; delete it, and the operator begins anew the next time it starts"
        ) from error


def _refusal(where: str, server: str, namespace: str, error: ApiError) -> str:
    if error.status == 404:
        return (
            f"there is no {where}: the operator writes it within a minute of leading; is it at work "
            f"(`kubectl -n {namespace} get lease {OPERATOR}`), or in another namespace (-n)?"
        )
    if error.status in (401, 403):
        return f"{where} can't be read at {server}: {error.message}; ask for the right to get it"
    return f"{where} can't be read at {server}: {error}"


async def _until(client: Client, namespace: str, book: Book) -> tuple[float, tuple[str, ...]]:
    """Return until when what the book says is held may be taken to be held: as long as somebody is at work."""
    now = time.time()
    try:
        path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{OPERATOR}"
        spec: Mapping[str, Any] = msgspec.json.decode(await client.get(path)).get("spec") or {}
    except (*EXPECTED_ERRORS, msgspec.DecodeError):
        return now, ("The operator's Lease can't be read: it is taken to be at work.",)
    renewed = str(spec.get("renewTime") or "")
    at_work_until = datetime.fromisoformat(renewed).timestamp() if renewed else 0.0
    if spec.get("holderIdentity") and now - at_work_until <= 2 * DURATION:
        return now, ()
    return max(book.as_of, at_work_until), ("The operator is not at work; what has been filled since is not counted.",)
