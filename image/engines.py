"""What builds an image from a Dockerfile: docker, podman or buildah, which agree in all but a few words."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Engine:
    """A command that builds and saves images."""

    command: str

    @property
    def is_buildah(self) -> bool:
        """Buildah needs no daemon, and with its chroot isolation no namespaces of its own."""
        return Path(self.command).name == "buildah"

    def build(self, name: str, context: Path, dockerfile: Path, arguments: Sequence[str]) -> None:
        """Build `context` by `dockerfile`."""
        verb = ["build", "--isolation=chroot"] if self.is_buildah else ["build"]
        self._run(*verb, *arguments, "--tag", name, "--file", str(dockerfile), str(context))

    def save(self, name: str, archive: Path) -> None:
        """Write an image as a docker-archive."""
        archive.parent.mkdir(parents=True, exist_ok=True)
        archive.unlink(missing_ok=True)  # which buildah would not overwrite
        if self.is_buildah:
            self._run("push", "--quiet", name, f"docker-archive:{archive}:{name}")
        else:
            self._run("save", "--output", str(archive), name)

    def _run(self, *arguments: str) -> None:
        subprocess.run([self.command, *arguments], check=True)


def find_engine(wanted: str | None) -> Engine | None:
    """The engine named, else the first that works. A docker command without a daemon does not."""
    for name in [wanted] if wanted else ["docker", "podman", "buildah"]:
        command = shutil.which(name)
        if command and (name != "docker" or _answers(command)):
            return Engine(command)
    return None


def _answers(docker: str) -> bool:
    try:
        return not subprocess.run([docker, "info"], capture_output=True, timeout=20, check=False).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False
