"""Kubeconfig files, self-contained (every certificate inside), so that one file is all a client needs."""

import base64
import json
from pathlib import Path
from typing import Any

from devcluster.certificates import KeyPair


def write_with_certificate(path: Path, server: str, authority: Path, user: str, pair: KeyPair) -> Path:
    """Write a kubeconfig that authenticates by client certificate."""
    credentials = {
        "client-certificate-data": _encoded(pair.certificate),
        "client-key-data": _encoded(pair.key),
    }
    return _write(path, server, authority, user, credentials)


def write_with_token(path: Path, server: str, authority: Path, user: str, token: str) -> Path:
    """Write a kubeconfig that authenticates by bearer token."""
    return _write(path, server, authority, user, {"token": token})


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _write(path: Path, server: str, authority: Path, user: str, credentials: dict[str, str]) -> Path:
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "devcluster", "cluster": {"server": server, "certificate-authority-data": _encoded(authority)}}
        ],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "devcluster", "context": {"cluster": "devcluster", "user": user}}],
        "current-context": "devcluster",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=1) + "\n")  # JSON is YAML, and needs no library to read back
    return path
