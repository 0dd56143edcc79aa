"""What is in the image that `make image-local` wrote, read from its archive: `make image-test`."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

ARCHIVE = Path(__file__).parents[2] / "build" / "paraset-operator.tar"
SHELLS_AND_TOOLS = {"sh", "bash", "dash", "busybox", "apt", "apt-get", "dpkg", "apk", "pip", "pip3", "gcc", "cc", "ld"}
BUILD_PACKAGES = {"pip", "setuptools", "wheel", "ensurepip", "distutils", "f2py", "kubernetes", "pytest"}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    with tarfile.open(ARCHIVE) as archive:
        return dict(json.load(archive.extractfile("manifest.json"))[0])


@pytest.fixture(scope="module")
def config(manifest: dict[str, Any]) -> dict[str, Any]:
    with tarfile.open(ARCHIVE) as archive:
        return dict(json.load(archive.extractfile(manifest["Config"]))["config"])


@pytest.fixture(scope="module")
def files(manifest: dict[str, Any]) -> list[tarfile.TarInfo]:
    found = []
    with tarfile.open(ARCHIVE) as archive:
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                found += layer.getmembers()
    return found


def test_it_weighs_less_than_150_megabytes() -> None:
    assert ARCHIVE.stat().st_size < 150e6


def test_it_runs_as_a_user_that_is_not_root(config: dict[str, Any]) -> None:
    assert config["User"] == "65532:65532"


def test_it_starts_the_operator(config: dict[str, Any]) -> None:
    assert (config["Entrypoint"], config["Cmd"]) == (["paraset"], ["run"])


@pytest.mark.parametrize("label", ["title", "description", "licenses", "version", "revision"])
def test_it_says_what_it_is(config: dict[str, Any], label: str) -> None:
    assert config["Labels"][f"org.opencontainers.image.{label}"]


def test_it_has_no_shell_and_no_tool_to_install_or_build_with(files: list[tarfile.TarInfo]) -> None:
    programs = {Path(each.name).name for each in files if each.mode & 0o111 and not each.isdir()}
    assert not programs & SHELLS_AND_TOOLS


def test_it_has_no_package_to_install_build_or_test_with(files: list[tarfile.TarInfo]) -> None:
    packages = {Path(each.name).name for each in files if each.isdir() and "/lib/python3" in f"/{each.name}"}
    assert not packages & BUILD_PACKAGES


def test_no_file_in_it_gives_its_caller_rights(files: list[tarfile.TarInfo]) -> None:
    assert [each.name for each in files if each.isfile() and each.mode & 0o6000] == []


def test_only_the_place_for_temporary_files_can_be_written_by_others(files: list[tarfile.TarInfo]) -> None:
    assert [each.name.strip("./") for each in files if not each.issym() and each.mode & 0o002] == ["tmp"]
