"""`make bench-yield` in small: every system is measured, and what is written can be read by others."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"scenario", "system", "nodes", "exit_s", "ls", "bound", "p50_s", "p99_s", "evicted", "needed"}


def test_a_short_yield_benchmark_binds_every_ls_pod_in_every_system(tmp_path: Path) -> None:
    file = tmp_path / "yield.json"
    sizes = ["--nodes", "3", "--ls", "5", "--exit", "1", "--runs", "1"]
    command = [sys.executable, "-m", "bench.yield_bench", *sizes, "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(file.read_text())["rows"]
    assert [row["system"] for row in rows] == ["empty", "native", "paraset"]
    assert all(row.keys() >= KEYS for row in rows)
    assert all(row["bound"] == row["ls"] == 5 for row in rows)
    assert all(row["violations"] == 0 for row in rows)
    assert rows[0]["evicted"] == 0
    assert rows[1]["needed"] == rows[2]["needed"] == 5
