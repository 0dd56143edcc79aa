"""A worker that keeps ParaSet's contract (docs/worker-contract.md), in plain Python, to start from.

It hashes numbered blocks, as many at a time as it has cores, and adds the hashes up: work that could be anything that
goes step by step. It shows how to

- save state often, whole or not at all, and go on from what a predecessor of the same name saved
- leave within the grace after SIGTERM, and save early when a move is announced
- follow the cores that it may use, which change while it runs
- say on its own pod when it saved last, if it may (the contract says how), so that of two the right one is evicted

Settings are environment variables: STATE_DIR, BLOCKS (how many in all), CHECKPOINT_SECONDS, INFO_DIR.
"""

import hashlib
import json
import os
import signal
import socket
import ssl
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

STATE_DIR = Path(os.environ.get("STATE_DIR", "/var/lib/worker"))
INFO_DIR = Path(os.environ.get("INFO_DIR", "/etc/paraset"))
ACCOUNT_DIR = Path("/var/run/secrets/kubernetes.io/serviceaccount")
BLOCKS = int(os.environ.get("BLOCKS", "1000000"))
CHECKPOINT_SECONDS = float(os.environ.get("CHECKPOINT_SECONDS", "30"))
# A filler is named <set>-<index>, and so is its host: who comes after it under this name goes on with its part.
NAME = os.environ.get("WORKER_NAME") or socket.gethostname()
BLOCK = bytes(1 << 20)

leaving = threading.Event()


def load(path: Path) -> dict[str, int]:
    """Return the state that was saved last, or a fresh one."""
    try:
        state = json.loads(path.read_text())
        return {"done": int(state["done"]), "sum": int(state["sum"])}
    except FileNotFoundError:
        return {"done": 0, "sum": 0}


def save(path: Path, state: dict[str, int]) -> None:
    """Save the state whole or not at all: whoever is killed in between leaves the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with new.open("w") as out:
        json.dump(state, out)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)


def info(name: str) -> str:
    """Return a file of the downward API volume as it is now; "" without one."""
    try:
        return (INFO_DIR / name).read_text()
    except OSError:
        return ""


def cores() -> int:
    """Return how many threads to run: the file follows resizes, the environment says what it was at the start."""
    text = info("cpu_millicores").strip() or os.environ.get("PARASET_CPU_MILLICORES", "")
    return max(1, int(text) // 1000) if text.isdecimal() else 1


def is_announced() -> bool:
    """Say whether a planned move has been announced."""
    return any(line.startswith("paraset.io/leaving-at=") for line in info("annotations").splitlines())


def hashed(number: int) -> int:
    """Do one step of the work. hashlib lets other threads run meanwhile."""
    return int.from_bytes(hashlib.sha256(number.to_bytes(8, "big") + BLOCK).digest()[:4], "big")


def tell(done: int) -> None:
    """Say on our own pod that we have just saved; a worker that may not is taken by its set's declared interval."""
    try:
        token, namespace = ((ACCOUNT_DIR / name).read_text() for name in ("token", "namespace"))
        now = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")  # noqa: UP017
        word = {"paraset.io/last-checkpoint": now, "paraset.io/progress": f"{done / BLOCKS:.4f}"}
        request = urllib.request.Request(
            f"https://kubernetes.default.svc/api/v1/namespaces/{namespace}/pods/{NAME}",
            json.dumps({"metadata": {"annotations": word}}).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"},
            method="PATCH",
        )
        context = ssl.create_default_context(cafile=str(ACCOUNT_DIR / "ca.crt"))
        urllib.request.urlopen(request, timeout=2, context=context).close()  # noqa: S310
    except OSError as error:
        print(f"not told: {error}", flush=True)


def main() -> None:
    """Work until all is done or we have to leave."""
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    path = STATE_DIR / f"{NAME}.json"
    state, saved, was_announced, threads = load(path), time.monotonic(), False, 0
    print(f"{NAME} begins at block {state['done']}", flush=True)
    # Threads are made once for all that may ever run; how many work at a time is decided round by round.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        while state["done"] < BLOCKS and not leaving.is_set():
            if threads != cores():
                threads = cores()
                print(f"threads: {threads}", flush=True)
            round_of = range(state["done"], min(BLOCKS, state["done"] + threads))
            state["sum"] += sum(pool.map(hashed, round_of))
            state["done"] += len(round_of)
            announced = is_announced()
            if time.monotonic() - saved >= CHECKPOINT_SECONDS or (announced and not was_announced):
                save(path, state)
                tell(state["done"])
                saved = time.monotonic()
            was_announced = announced
    save(path, state)
    print(f"{NAME} ends at block {state['done']} of {BLOCKS}, sum {state['sum']}", flush=True)
    if state["done"] >= BLOCKS:
        # A filler that ends is replaced, and one that ends within seconds counts as crashing: wait to be taken away.
        leaving.wait()


if __name__ == "__main__":
    sys.exit(main())
