"""The reference of the objects, as Markdown, from the same schema the API server serves to `kubectl explain`."""

import json
from collections.abc import Iterator

from paraset_operator.api.conditions import CONDITION_TYPES, REASONS
from paraset_operator.api.structural import Schema

_INTRODUCTION = """\
# API reference: paraset.io/v1alpha1

Made from the models by `make crds`. `kubectl explain paraset.spec --recursive` says the same on a cluster.
`[]` stands for every item of a list, `{}` for every key of a map; **bold** fields are required.
Rules are kept by the API server; a template's fields that are not listed are those of a pod, and are kept as they are.
"""


def reference(schemas: dict[str, Schema]) -> str:
    """Return the reference of the objects by kind, with their rules, and the words of the conditions."""
    parts = [_INTRODUCTION]
    for kind, schema in schemas.items():
        parts.append(f"## {kind}\n\n{schema['description']}\n")
        for part in ("spec", "status"):
            parts.append(f"### {kind} {part}\n")
            parts.append(_table(schema["properties"][part], part))
            parts += _rules(schema["properties"][part], part)
    parts.append("## Conditions\n\nA FillPolicy has `Ready` alone.\n")
    parts.append(_words("Type", {key.value: text for key, text in CONDITION_TYPES.items()}))
    parts.append("## Reasons\n\nOf conditions, and of `status.limitedBy`.\n")
    parts.append(_words("Reason", {key.value: text for key, text in REASONS.items()}))
    return "\n".join(parts)


def _table(schema: Schema, path: str) -> str:
    rows = [
        f"| {name} | {_type(node)} | {_default(node)} | {_escaped(node.get('description', ''))} |"
        for name, node in _fields(schema, path)
    ]
    return "\n".join(["| field | type | default | meaning |", "|---|---|---|---|", *rows, ""])


def _fields(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """Yield every field below `schema`, with its path."""
    for name, node in schema.get("properties", {}).items():
        below = f"{path}.{name}"
        yield (f"**`{below}`**" if name in schema.get("required", ()) else f"`{below}`"), node
        yield from _fields(*_inner(node, below))


def _inner(node: Schema, path: str) -> tuple[Schema, str]:
    if "items" in node:
        return _inner(node["items"], f"{path}[]")
    if "additionalProperties" in node:
        return _inner(node["additionalProperties"], f"{path}{{}}")
    return node, path


def _type(node: Schema) -> str:
    if "x-kubernetes-int-or-string" in node:
        return "integer or string"
    if "enum" in node:
        return " \\| ".join(node["enum"])
    if "items" in node:
        return f"list of {_type(node['items'])}{_length(node)}"
    if "additionalProperties" in node:
        return f"map of {_type(node['additionalProperties'])}"
    return str(node["type"]) + _bounds(node)


def _bounds(node: Schema) -> str:
    if "minimum" in node and "maximum" in node:
        return f", {node['minimum']:,} to {node['maximum']:,}"
    return f", at least {node['minimum']}" if "minimum" in node else ""


def _length(node: Schema) -> str:
    most, least = node.get("maxItems"), node.get("minItems", 0)
    if not most:
        return ""
    return f", {least} to {most:,}" if least else f", at most {most:,}"


def _default(node: Schema) -> str:
    default = node.get("default")
    if default in (None, "", {}, []):
        return ""
    return f"`{_escaped(default if isinstance(default, str) else json.dumps(default))}`"


def _rules(schema: Schema, path: str) -> Iterator[str]:
    found = list(dict.fromkeys(_all_rules(schema, path)))
    if found:
        yield "Rules:\n"
        yield "\n".join(f"- `{where}`: {_escaped(message)}" for where, message in found) + "\n"


def _all_rules(schema: Schema, path: str) -> Iterator[tuple[str, str]]:
    for rule in schema.get("x-kubernetes-validations", ()):
        yield f"{path}{rule.get('fieldPath', '')}", rule["message"]
    for name, node in schema.get("properties", {}).items():
        yield from _all_rules(node, f"{path}.{name}")
    if "items" in schema:
        yield from _all_rules(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from _all_rules(schema["additionalProperties"], f"{path}{{}}")


def _words(title: str, words: dict[str, str]) -> str:
    rows = [f"| `{word}` | {_escaped(text)} |" for word, text in words.items()]
    return "\n".join([f"| {title.lower()} | meaning |", "|---|---|", *rows, ""])


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
