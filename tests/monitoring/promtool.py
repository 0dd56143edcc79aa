"""Running promtool, which is Prometheus's own judge of rules and metrics."""

import subprocess
from pathlib import Path


def run(promtool: Path, *arguments: str, text: str | None = None) -> str:
    """What it prints; a fault that it finds is an AssertionError with its words."""
    done = subprocess.run([promtool, *arguments], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
