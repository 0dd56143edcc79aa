"""Kopf's part: it watches ParaSets and FillPolicies, nothing else. Each handler is one line; nothing is written."""

from collections.abc import Mapping
from typing import Any, Protocol

import kopf

from paraset_operator.api.names import FILL_POLICIES, GROUP, PARASETS, VERSION
from paraset_operator.cluster.connection import Connection


class Takes(Protocol):
    """Where objects go that Kopf has seen."""

    def take(self, raw: Mapping[str, Any], *, is_gone: bool = False) -> None:
        """Take over an object that was added, changed or, `is_gone`, deleted."""


def registry_for(connection: Connection, sets: Takes, policies: Takes) -> kopf.OperatorRegistry:
    """Return the handlers."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    def login(**_: Any) -> kopf.ConnectionInfo:
        return credentials_of(connection)

    @kopf.on.event(GROUP, VERSION, PARASETS, registry=registry)
    async def saw_paraset(event: Any, **_: Any) -> None:
        sets.take(event["object"], is_gone=event["type"] == "DELETED")

    @kopf.on.event(GROUP, VERSION, FILL_POLICIES, registry=registry)
    async def saw_policy(event: Any, **_: Any) -> None:
        policies.take(event["object"], is_gone=event["type"] == "DELETED")

    return registry


def settings_for() -> kopf.OperatorSettings:
    """Return Kopf's settings: no Events of its own, lists in pages."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.watching.chunk_size = 500
    return settings


def credentials_of(connection: Connection) -> kopf.ConnectionInfo:
    """Return our connection in Kopf's words."""
    scheme, _, token = (connection.authorization() or "").partition(" ")
    return kopf.ConnectionInfo(
        server=connection.server,
        ca_path=connection.ca_file,
        insecure=connection.is_insecure,
        scheme=scheme or None,
        token=token or None,
        certificate_path=connection.certificate_file,
        private_key_path=connection.key_file,
    )
