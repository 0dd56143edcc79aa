"""`make demo` as a user runs it: the whole story, told to a log, with its summary as JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 300


@pytest.mark.timeout(LIMIT_SECONDS + 30)
def test_the_demo_keeps_its_promises(tmp_path: Path) -> None:
    file = tmp_path / "out" / "summary.json"
    command = [sys.executable, "-m", "demo", "--plain", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    numbers = json.loads(file.read_text())
    assert numbers["violations"] == []
    assert all(phase["done"] for phase in numbers["phases"])
    assert numbers["fill"]["filled"]["nvidia.com/gpu"] >= 0.9 * numbers["fill"]["usable"]["nvidia.com/gpu"] > 0
    assert numbers["ls"]["bound"] == numbers["ls"]["count"] > 0
    assert numbers["ls"]["wait_p99_s"] >= numbers["ls"]["wait_p50_s"] > 0
    assert numbers["yield"].keys() >= {"shrinks", "evictions", "evictions_needed"}
    assert numbers["writes"]["quiet_minute"] == 0
    assert numbers["writes"]["per_placement"] >= 1
    assert "invariant violations" in done.stdout
