"""The table of values in the chart's README, from the comments in values.yaml.

A comment that begins with `# --` and goes on in the comment lines below it describes the key that follows. What lies
below a described key is part of its default.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

BEGIN, END = "<!-- values: made by `make install-yaml` -->", "<!-- end of values -->"
_KEY = re.compile(r"^( *)([A-Za-z]\w*):")
_LONGEST_DEFAULT = 60


def descriptions(text: str) -> dict[str, str]:
    """Return what values.yaml says of each described key, by dotted path, in its order."""
    found: dict[str, str] = {}
    parents: list[tuple[int, str]] = []
    words: list[str] | None = None
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("# -- "):
            words = [stripped.removeprefix("# -- ")]
        elif stripped.startswith("#") and words is not None:
            words.append(stripped.removeprefix("#").strip())
        elif match := _KEY.match(line):
            indent = len(match[1])
            parents = [(depth, name) for depth, name in parents if depth < indent] + [(indent, match[2])]
            if words is not None:
                found[".".join(name for _, name in parents)] = " ".join(words)
            words = None
    return found


def leaves(values: dict[str, Any], described: set[str], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value that is to be described, by dotted path: no deeper than what a comment describes whole."""
    for name, value in values.items():
        here = f"{path}.{name}".lstrip(".")
        has_below = any(each.startswith(f"{here}.") for each in described)
        if isinstance(value, dict) and (has_below or (value and here not in described)):
            yield from leaves(value, described, here)
        else:
            yield here, value


def table(text: str) -> str:
    """Return the table of all values; raise ValueError if one has no comment."""
    told = descriptions(text)
    rows = ["| value | default | |", "|---|---|---|"]
    for path, default in leaves(yaml.safe_load(text), set(told)):
        if path not in told:
            raise ValueError(f"values.yaml: {path} has no comment: write `# -- what it does` above it")
        rows.append(f"| `{path}` | {_default(default)} | {told[path]} |")
    return "\n".join(rows)


def _default(value: Any) -> str:
    text = json.dumps(value)
    return f"`{text}`" if len(text) <= _LONGEST_DEFAULT else "see values.yaml"


def with_table(readme: str, values: str) -> str:
    """Return the README with its table made anew from values.yaml."""
    head, begin, rest = readme.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md of the chart needs the lines {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{table(values)}\n{END}{tail}"
