"""Which Go is chosen. Scripts that only know their version stand where Go would."""

import os
from pathlib import Path

import pytest

from devcluster.binaries import CONTROL_PLANE
from devcluster.toolchain import REPOSITORY, find_toolchain, pinned_version, required_version


@pytest.fixture
def go_mod(tmp_path: Path) -> Path:
    path = tmp_path / "go.mod"
    path.write_text("module x\n\ngo 1.26.0\n")
    return path


def put_on_path(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    go = folder / "bin" / "go"
    go.parent.mkdir()
    go.write_text(f"#!/bin/sh\necho go{version}\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(go.parent), "/usr/bin", "/bin"]))
    return go


@pytest.mark.parametrize("version", ["1.26.0", "1.26.8", "1.27rc1", "1.100.2"])
def test_a_new_enough_go_on_the_path_is_used(
    version: str, go_mod: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = put_on_path(tmp_path, version, monkeypatch)
    assert find_toolchain(go_mod).go == go
    assert find_toolchain(go_mod).version == version


@pytest.mark.parametrize("version", ["1.19.8", "1.25.9", ""])
def test_an_older_go_gives_way_to_the_pinned_wheel(
    version: str, go_mod: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, version, monkeypatch)
    assert find_toolchain(go_mod).version == pinned_version(REPOSITORY / "pyproject.toml")


def test_the_pinned_wheel_can_build_the_control_plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    needed = required_version(CONTROL_PLANE.module / "go.mod")
    assert [int(part) for part in find_toolchain(CONTROL_PLANE.module / "go.mod").version.split(".")] >= [
        int(part) for part in needed.split(".")
    ]
