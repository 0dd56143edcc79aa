"""Files with API objects: YAML manifests and JSON dumps, taken apart into single objects.

Lists of any kind are flattened, documents may follow one another, and every object comes with where it was found.
"""

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from paraset_operator.cluster.wire import Wire

STDIN = "-"
_GZIP = b"\x1f\x8b"


class OfflineError(Exception):
    """A file that can't be planned with; the message names file, object and field, and says what to do."""


@dataclass(frozen=True, slots=True)
class Document:
    """One object as JSON, and the file it comes from."""

    source: str
    kind: str
    api_version: str
    who: str
    data: bytes


class _Envelope(Wire):
    kind: str = ""
    api_version: str = ""
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    items: msgspec.Raw = msgspec.Raw(b"null")


class _Name(Wire):
    name: Any = None
    namespace: Any = None


_envelopes = msgspec.json.Decoder(_Envelope)
_names = msgspec.json.Decoder(_Name)
_items = msgspec.json.Decoder(list[msgspec.Raw] | None)


def read(path: str) -> bytes:
    """Return what a file holds, - for standard input, unpacked if it is gzipped; raise OfflineError."""
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
        return gzip.decompress(data) if data.startswith(_GZIP) else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise OfflineError(f"{path}: can't be unpacked: {error}; write it anew") from error
    except OSError as error:
        raise OfflineError(f"{path}: can't be read: {error.strerror}; check the path") from error


class _Loader(yaml.SafeLoader):
    """YAML as kubectl reads it: what looks like a date or a time of day is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def manifest_documents(text: bytes, path: str) -> Iterator[Document]:
    """Yield the objects of a YAML or JSON file of manifests; raise OfflineError."""
    try:
        for value in yaml.load_all(text, Loader=_Loader):
            if value is not None:
                yield from _objects(json.dumps(value, allow_nan=False).encode(), path)
    except yaml.MarkedYAMLError as error:
        raise OfflineError(f"{path}: is no YAML: {_where(error)}") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise OfflineError(f"{path}: is no YAML: {error}") from error


def _where(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{error.problem or error.context}{place}"


def dump_documents(text: bytes, path: str, command: str) -> Iterator[Document]:
    """Yield the objects of one or several JSON documents; raise OfflineError, which names the `command` to use."""
    try:
        for document in _json_documents(text):
            yield from _objects(document, path)
    except (ValueError, RecursionError) as error:
        raise OfflineError(f"{path}: is no JSON: {error}; make the dump with `{command}`") from error


def _json_documents(text: bytes) -> Iterator[bytes]:
    """Yield the text of each of several JSON documents; raise ValueError."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        yield from _one_after_the_other(text.decode(json.detect_encoding(text)))
    else:
        yield text


def _one_after_the_other(text: str) -> Iterator[bytes]:
    decoder, start = json.JSONDecoder(), 0
    while rest := text[start:].lstrip():
        start = len(text) - len(rest)
        _, end = decoder.raw_decode(text, start)
        yield text[start:end].encode()
        start = end


def _objects(data: bytes, path: str, kind: str = "", api_version: str = "") -> Iterator[Document]:
    """Yield an object, or those of a list; items that leave out what they are take it from their list's kind."""
    try:
        envelope = _envelopes.decode(data)
        items = (_items.decode(envelope.items) or ()) if envelope.kind.endswith("List") else None
    except msgspec.ValidationError as error:
        raise OfflineError(f"{path}: holds something that is no object of Kubernetes: {error}; remove it") from error
    kind, api_version = envelope.kind or kind, envelope.api_version or api_version
    if items is None:
        yield Document(path, kind, api_version, _who(kind, envelope.metadata), data)
        return
    of_items = kind.removesuffix("List")
    for item in items:
        yield from _objects(bytes(item), path, of_items, api_version if of_items else "")


def _who(kind: str, metadata: msgspec.Raw) -> str:
    try:
        named = _names.decode(metadata)
    except msgspec.ValidationError:
        named = _Name()
    what = kind or "an object without a kind"
    if not named.name:
        return f"{what} without a name" + (f" in {named.namespace}" if named.namespace else "")
    return f"{what} {named.namespace}/{named.name}" if named.namespace else f"{what} {named.name}"
