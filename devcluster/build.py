"""Building binaries from Go modules into the cache: visibly, once at a time, and resumable.

One build holds the cache folder's lock; a second waits and then finds everything done. Each binary is built under a
temporary name and renamed when complete, so that an interrupted build loses at most the binary it was at (and Go's own
build cache keeps most of that).
"""

import fcntl
import os
import subprocess
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devcluster.binaries import CONTROL_PLANE, OVERRIDE, Bundle, Program, cache_folder, find_binaries, missing
from devcluster.progress import Progress
from devcluster.supervisor import die_with_parent
from devcluster.toolchain import environment, find_toolchain, installed

LAST_LINES = 30


class BuildError(RuntimeError):
    """`go build` failed; the message holds its last lines."""


def build_control_plane() -> Path:
    """Build what is missing of the control plane, and return the folder with all its binaries."""
    return find_binaries() if os.environ.get(OVERRIDE) else build(CONTROL_PLANE)


def build(bundle: Bundle) -> Path:
    """Build what is missing of a bundle, and return the folder with all its binaries."""
    toolchain = find_toolchain(bundle.module / "go.mod")
    folder = cache_folder(toolchain, bundle)
    if missing(folder, bundle.programs):
        Builder(folder, bundle.module, bundle.programs, bundle.flags, lambda: installed(toolchain)).build()
    return folder


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds `programs` of the Go module at `module` into `folder`; `go` is asked for the command only when there is
    work.
    """

    folder: Path
    module: Path
    programs: tuple[Program, ...]
    flags: tuple[str, ...]
    go: Callable[[], Path]

    def build(self) -> None:
        """Build what is still missing once the lock is held."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / ".lock"):
            absent = set(missing(self.folder, self.programs))
            todo = [program for program in self.programs if program.name in absent]
            if todo:
                self._build_each(todo)

    def _build_each(self, todo: list[Program]) -> None:
        go = self.go()
        progress = Progress(total=len(self.programs), done=len(self.programs) - len(todo))
        progress.say(f"Building {len(todo)} binaries of {self.module.name} into {self.folder}")
        for program in todo:
            with progress.step(program.name):
                self._build_one(go, program, progress)

    def _build_one(self, go: Path, program: Program, progress: Progress) -> None:
        partial = self.folder / f".{program.name}.partial"
        argv = [str(go), "build", "-v", "-mod=readonly", *self.flags, "-o", str(partial), program.package]
        code, last_lines = run_visibly(argv, self.module, progress.saw)
        if code:
            raise BuildError(f"go build {program.package} exited with {code}:\n{last_lines}")
        partial.rename(self.folder / program.name)


def run_visibly(argv: list[str], folder: Path, saw: Callable[[str], None]) -> tuple[int, str]:
    """Run a command in `folder`, hand each line it writes to `saw`, and return its exit code and last lines."""
    last: deque[str] = deque(maxlen=LAST_LINES)
    with subprocess.Popen(
        argv,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509  the only other thread is the progress ticker, which holds no lock
    ) as process:
        assert process.stdout
        for line in process.stdout:
            last.append(line.rstrip())
            saw(line.strip())
    return process.returncode, "\n".join(last)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`; the kernel releases it when the holder ends, however it ends."""
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            print(
                f"Another build (process {lock.read().strip() or 'unknown'}) is under way; waiting for it ...",
                flush=True,
            )
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
