"""A small JSON client of the API server for what devcluster does itself: a call costs a millisecond or two, where
kubectl costs 100.

One connection per client and thread of use; a broken connection is opened anew once per request.
"""

import http.client
import json
import ssl
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from devcluster.certificates import KeyPair

PATCH_TYPE = "application/strategic-merge-patch+json"


class ApiError(RuntimeError):
    """The API server refused a request; `code` is the HTTP status."""

    def __init__(self, code: int, message: str) -> None:
        """Keep the HTTP status beside the API server's message."""
        super().__init__(f"{code}: {message}")
        self.code = code


class ApiClient:
    """JSON over one kept-open connection, authenticated by client certificate."""

    def __init__(self, server: str, authority: Path, pair: KeyPair, timeout: float = 30.0) -> None:
        """Nothing is opened before the first request."""
        address = urlsplit(server)
        context = ssl.create_default_context(cafile=str(authority))
        context.load_cert_chain(pair.certificate, pair.key)
        self._lock = threading.Lock()
        self._connection = http.client.HTTPSConnection(
            address.hostname or "127.0.0.1", address.port, context=context, timeout=timeout
        )

    def get(self, path: str) -> Any:
        """GET an object or a list."""
        return json.loads(self.request("GET", path))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST an object and return what the server made of it."""
        return json.loads(self.request("POST", path, body))

    def patch(self, path: str, body: dict[str, Any], content_type: str = PATCH_TYPE) -> Any:
        """PATCH an object, by default as a strategic merge."""
        return json.loads(self.request("PATCH", path, body, content_type))

    def delete(self, path: str) -> None:
        """DELETE an object; one that is gone already is fine."""
        try:
            self.request("DELETE", path)
        except ApiError as error:
            if error.code != http.client.NOT_FOUND:
                raise

    def request(
        self, method: str, path: str, body: dict[str, Any] | None = None, content_type: str = "application/json"
    ) -> bytes:
        """Send one request and return the body of the answer; ApiError if it is refused, OSError if nobody answers."""
        data = None if body is None else json.dumps(body).encode()
        with self._lock:
            try:
                return self._send(method, path, data, content_type)
            except (ConnectionError, ssl.SSLError, http.client.HTTPException):
                self._connection.close()
                return self._send(method, path, data, content_type)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, method: str, path: str, data: bytes | None, content_type: str) -> bytes:
        self._connection.request(method, path, data, {"Content-Type": content_type, "Accept": "application/json"})
        response = self._connection.getresponse()
        text = response.read()
        if response.status >= http.client.BAD_REQUEST:
            raise ApiError(response.status, _message(text))
        return text


def _message(text: bytes) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.decode(errors="replace")[:500]
