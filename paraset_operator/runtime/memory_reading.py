"""Asks the operator at work what it remembers: at its health port, by way of the API server or of a URL."""

from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from paraset_operator.api.names import OPERATOR, SYSTEM_NAMESPACE
from paraset_operator.cluster.client import EXPECTED_ERRORS, ApiError, Client
from paraset_operator.runtime.memory_json import MemoryWire

BY_API_SERVER = "by way of the API server"
MEMORY_PATH = "/memory"
_PORT = 8080
_LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM_NAMESPACE}/leases/{OPERATOR}"
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_WITHOUT = "cool-downs are known as far as the statuses of sets tell them"
_NO_POD = "none that runs in a pod there holds the Lease; --operator names its URL"

_memories = msgspec.json.Decoder(MemoryWire)


class MemoryUnknownError(Exception):
    """Why nobody knows what the operator remembers, in a sentence that says what to do."""


async def read_memory(client: Client, where: str) -> MemoryWire:
    """Return what the operator remembers, asked at a URL or BY_API_SERVER; raise MemoryUnknownError."""
    try:
        return _memories.decode(await (_by_api_server(client) if where == BY_API_SERVER else _get(where)))
    except ApiError as error:
        words = _NO_POD if error.status == 404 else error.message or error.reason
    except (msgspec.DecodeError, ValueError) as error:
        words = f"it answers with something else: {error}"
    except EXPECTED_ERRORS as error:
        words = str(error) or type(error).__name__
    raise MemoryUnknownError(f"The operator can't be asked {where} ({' '.join(words.split())}): {_WITHOUT}.")


async def _by_api_server(client: Client) -> bytes:
    """Ask the leader's pod, whose name is the first part of its name in the Lease."""
    lease: dict[str, Any] = msgspec.json.decode(await client.get(_LEASE))
    pod, _, process = str((lease.get("spec") or {}).get("holderIdentity") or "").rpartition("_")
    if not pod or not process:
        raise ApiError(404, "NotFound", "")
    return await client.get(f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/pods/{pod}:{_PORT}/proxy{MEMORY_PATH}")


async def _get(url: str) -> bytes:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{url!r} is no URL such as http://127.0.0.1:8080")
    async with (
        aiohttp.ClientSession(timeout=_TIMEOUT) as session,
        session.get(url.rstrip("/") + MEMORY_PATH) as answer,
    ):
        body: bytes = await answer.read()
        if answer.status != 200:
            raise ApiError(answer.status, str(answer.reason), body[:200].decode(errors="replace"))
        return body
