"""Clusters that outlive the command that started them: one folder and one serving process per name.

The serving process holds a lock on the name for as long as it lives, so "up" is a fact of the kernel and not a stale
process id.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from devcluster.cluster import LocalCluster
from devcluster.realnodes.isolation import process as isolation_process
from devcluster.settings import ClusterSettings

REPOSITORY = Path(__file__).parent.parent
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
POLL_SECONDS = 0.05
HEALTH_SECONDS = 2.0
DOWN_SECONDS = 30.0


class BackgroundError(RuntimeError):
    """A named cluster cannot be started or ended; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """What a running cluster tells about itself."""

    pid: int
    server: str
    kubeconfig: str
    kubectl: str
    nodes: int
    #: The outermost process of the isolation it runs in, 0 if in none.
    isolation: int = 0


class NamedCluster:
    """A cluster by name, running or not."""

    def __init__(self, name: str) -> None:
        """Only checks the name."""
        if not NAME.fullmatch(name):
            raise BackgroundError(f"--name {name!r}: use lower-case letters, digits and dashes, at most 40")
        self.name = name
        self.folder = clusters_folder() / name
        self._lock = clusters_folder() / f"{name}.lock"
        self._state = self.folder / "cluster.json"
        self.log = clusters_folder() / f"{name}.log"

    def running(self) -> Running | None:
        """What the cluster tells about itself, None if it is not up."""
        if not self._state.exists() or not self._is_served():
            return None
        return Running(**json.loads(self._state.read_text()))

    def found(self) -> Running:
        """What the cluster tells about itself; BackgroundError if it is not up."""
        running = self.running()
        if running is None:
            raise BackgroundError(f"cluster {self.name!r} is not up: start it with `up --name {self.name}`")
        return running

    def up(self, arguments: list[str], timeout: float, isolated: bool = False) -> Running:
        """Start the serving process, isolated for real nodes, and wait until the cluster is ready; its log's last lines
        are the error if it fails.
        """
        if self._is_served():
            raise BackgroundError(f"cluster {self.name!r} is up already: end it first with `down --name {self.name}`")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, mode=0o700)
        with self.log.open("wb") as log:
            program = [sys.executable, "-m", "devcluster"]
            server = subprocess.Popen(
                [*([*program, "isolated", "--"] if isolated else []), *program, "serve", *arguments],
                env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            return self._wait_until_up(server, time.monotonic() + timeout)
        except BaseException:
            server.terminate()
            raise

    def serve(self, settings: ClusterSettings) -> None:
        """Run the cluster until SIGTERM or Ctrl-C; end with an error if one of its processes dies."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt), self._held(), LocalCluster(settings, self.folder) as cluster:
            self._announce(cluster)
            while True:
                time.sleep(HEALTH_SECONDS)
                cluster.check()
        shutil.rmtree(self.folder, ignore_errors=True)

    def down(self) -> bool:
        """End the cluster and wait until nothing is left of it; False if it was not up."""
        running = self.running()
        if running is None:
            return False
        os.kill(running.isolation or running.pid, signal.SIGTERM)
        deadline = time.monotonic() + DOWN_SECONDS
        while self._is_served() or _exists(running.isolation):
            if time.monotonic() > deadline:
                raise BackgroundError(f"cluster {self.name!r} did not end within {DOWN_SECONDS:g} s; see {self.log}")
            time.sleep(POLL_SECONDS)
        return True

    def died(self) -> bool:
        """Whether the cluster came up and then ended by itself."""
        return self._state.exists() and not self._is_served()

    def _announce(self, cluster: LocalCluster) -> None:
        kubectl = str(cluster.binaries / "kubectl")
        nodes = len(cluster.settings.nodes)
        isolation = isolation_process() if cluster.settings.real else 0
        state = Running(os.getpid(), cluster.server, str(cluster.kubeconfig), kubectl, nodes, isolation)
        partial = self._state.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(state)))
        partial.rename(self._state)  # whoever sees it sees all of it

    def _wait_until_up(self, server: subprocess.Popen[bytes], deadline: float) -> Running:
        while (running := self.running()) is None:
            if server.poll() is not None:
                raise BackgroundError(f"cluster {self.name!r} did not start:\n{self.log.read_text().strip()}")
            if time.monotonic() > deadline:
                raise BackgroundError(f"cluster {self.name!r} did not become ready in time; see {self.log}")
            time.sleep(POLL_SECONDS)
        return running

    def _is_served(self) -> bool:
        try:
            with self._lock.open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    @contextmanager
    def _held(self) -> Iterator[IO[str]]:
        clusters_folder().mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BackgroundError(f"cluster {self.name!r} is up already") from error
            yield lock


def _exists(process: int) -> bool:
    return bool(process) and Path(f"/proc/{process}").exists()


def clusters_folder() -> Path:
    """Where the named clusters of this user lie."""
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return base / "paraset" / "clusters"


def all_clusters() -> list[NamedCluster]:
    """The clusters that are up."""
    names = sorted(path.stem for path in clusters_folder().glob("*.lock"))
    return [cluster for cluster in map(NamedCluster, names) if cluster.running()]
