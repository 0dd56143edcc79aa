"""Prints what a command has found, for people or for programs."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

from paraset_operator.cli.options import JSON, TABLE


def write(options: argparse.Namespace, body: Callable[[], Any], table: Callable[[TextIO], None]) -> None:
    """Write JSON values as JSON or YAML, or a table, as the options say."""
    if options.output == TABLE:
        table(sys.stdout)
    else:
        sys.stdout.write(text_of(body(), options.output))
    sys.stdout.flush()


def text_of(body: Any, output: str) -> str:
    """Return JSON values as text."""
    if output == JSON:
        return json.dumps(body, indent=2) + "\n"
    import yaml

    # By way of JSON, which knows no shared parts: YAML would write these as anchors.
    plain = json.loads(json.dumps(body))
    return str(yaml.safe_dump(plain, sort_keys=False, width=120, allow_unicode=True))
