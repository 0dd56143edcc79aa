"""`make bench-yield` in small: every system is measured, and what is written can be read by others."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"scenario", "system", "nodes", "exit_s", "ls", "bound", "p50_s", "p99_s", "evicted", "needed", "lost_gpu_s"}
SYSTEMS = ["empty", "native", "paraset", "headroom", "no-nomination", "killed"]


def test_a_short_yield_benchmark_binds_every_ls_pod_in_every_system(tmp_path: Path) -> None:
    file = tmp_path / "yield.json"
    sizes = ["--nodes", "3", "--ls", "5", "--exit", "1", "--scenario", "burst", "--systems", ",".join(SYSTEMS)]
    command = [sys.executable, "-m", "bench.yield_bench", *sizes, "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["system"]: row for row in json.loads(file.read_text())["rows"]}
    assert list(rows) == SYSTEMS
    assert all(row.keys() >= KEYS for row in rows.values())
    assert all(row["bound"] == row["ls"] == len(row["waits_s"]) == 5 for row in rows.values())
    assert all(row["violations"] == 0 for row in rows.values())
    assert rows["empty"]["evicted"] == 0
    assert rows["native"]["needed"] == rows["paraset"]["needed"] >= 5
    assert rows["headroom"]["free_gpus"] >= 5
    assert file.with_suffix(".png").exists()
