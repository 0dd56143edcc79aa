"""The builder of the binaries: each once, one build at a time, resumable. A small script stands where Go would."""

import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devcluster.binaries import (
    BUILD_FLAGS,
    BUNDLES,
    OVERRIDE,
    BinariesMissingError,
    Program,
    cache_key,
    find_binaries,
    missing,
)
from devcluster.build import Builder, BuildError
from devcluster.toolchain import Toolchain

PROGRAMS = (Program("one", "example.com/one"), Program("two", "example.com/two"), Program("three", "example.com/three"))

GO = """#!/bin/sh
# go build -v -mod=readonly FLAGS... -o OUTPUT PACKAGE
while [ "$1" != -o ]; do shift; done
echo "$3" >> "$PWD/calls"
echo "half" > "$2"
if [ -e "$PWD/hang" ] && [ "$3" = example.com/two ]; then exec sleep 600; fi
if [ -e "$PWD/broken" ] && [ "$3" = example.com/two ]; then echo "two.go:7: undefined: x"; exit 2; fi
echo "whole" > "$2"; chmod +x "$2"
"""


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    module = tmp_path / "module"
    module.mkdir()
    go = module / "go"
    go.write_text(GO)
    go.chmod(go.stat().st_mode | stat.S_IXUSR)
    return Builder(tmp_path / "cache", module, PROGRAMS, BUILD_FLAGS, lambda: go)


def calls(builder: Builder) -> list[str]:
    return (builder.module / "calls").read_text().split()


def test_builds_each_program_once(builder: Builder, capsys: pytest.CaptureFixture[str]) -> None:
    builder.build()
    builder.build()
    assert calls(builder) == [program.package for program in PROGRAMS]
    assert missing(builder.folder, PROGRAMS) == []
    assert "[2/3] two: building, 1 left after it" in capsys.readouterr().out


def test_two_builds_at_once_share_the_work(builder: Builder) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: builder.build(), range(4)))
    assert sorted(calls(builder)) == sorted(program.package for program in PROGRAMS)


def test_a_failed_build_shows_the_compiler_and_keeps_what_was_done(builder: Builder) -> None:
    (builder.module / "broken").touch()
    with pytest.raises(BuildError, match=r"example.com/two exited with 2:\ntwo.go:7: undefined: x"):
        builder.build()
    assert missing(builder.folder, PROGRAMS) == ["two", "three"]


def test_an_interrupted_build_resumes(builder: Builder) -> None:
    (builder.module / "hang").touch()
    code = (
        "from pathlib import Path; from devcluster.build import Builder; from tests_programs import PROGRAMS;"
        f"Builder(Path({str(builder.folder)!r}), Path({str(builder.module)!r}), PROGRAMS, (),"
        f" lambda: Path({str(builder.go())!r})).build()"
    )
    (builder.module / "tests_programs.py").write_text(
        "from devcluster.binaries import Program\n"
        f"PROGRAMS = tuple(Program(*names) for names in {[(p.name, p.package) for p in PROGRAMS]!r})\n"
    )
    path = os.pathsep.join([str(Path(__file__).parents[2]), str(builder.module)])
    interrupted = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": path})
    deadline = time.monotonic() + 30
    while not (builder.folder / ".two.partial").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    interrupted.send_signal(signal.SIGKILL)
    interrupted.wait()
    assert missing(builder.folder, PROGRAMS) == ["two", "three"]

    (builder.module / "hang").unlink()
    builder.build()
    assert [(builder.folder / program.name).read_text() for program in PROGRAMS] == ["whole\n"] * 3
    assert calls(builder).count("example.com/one") == 1


def test_the_cache_key_follows_everything_that_is_built_from(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module x\n")
    (tmp_path / "go.sum").write_text("")
    old, new = Toolchain("1.26.8", None), Toolchain("1.27.3", None)
    keys = {cache_key(old, tmp_path, BUILD_FLAGS), cache_key(new, tmp_path, BUILD_FLAGS)}
    (tmp_path / "go.sum").write_text("y\n")
    keys.add(cache_key(old, tmp_path, BUILD_FLAGS))
    keys.add(cache_key(old, tmp_path, (*BUILD_FLAGS, "-race")))
    assert len(keys) == 4


def test_every_program_is_a_tool_of_its_module() -> None:
    for bundle in BUNDLES.values():
        tools = (bundle.module / "go.mod").read_text().split("require")[0].split()
        assert {program.package for program in bundle.programs} - {"."} <= set(tools)  # "." is main.go beside it


def test_a_named_folder_that_lacks_binaries_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERRIDE, str(tmp_path))
    with pytest.raises(BinariesMissingError, match=r"PARASET_CONTROL_PLANE_BIN=.* lacks etcd, kwok, kubectl"):
        find_binaries()
