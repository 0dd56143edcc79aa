"""Real nodes, as far as no root is needed: what is counted as left behind, and the images made on the spot."""

import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from devcluster import NodeSpec
from devcluster.images import Image, write_archive
from devcluster.realnodes import cgroups
from devcluster.realnodes.configs import NodeSizeError, kubelet, machine
from devcluster.realnodes.leftovers import Host, sentence

CLEAN = Host(*[frozenset({"as before"})] * 6)


@pytest.mark.parametrize("kind", ["processes", "mounts", "cgroups", "interfaces", "settings", "files"])
def test_what_was_not_there_before_is_left_behind(kind: str, tmp_path: Path) -> None:
    left = replace(CLEAN, **{kind: frozenset({"as before", "new"})}).more_than(CLEAN)
    assert left == [f"{kind}: new"]
    assert sentence(left, str(tmp_path / "gone")) == f"Left behind:\n  {kind}: new"


def test_a_scratch_folder_that_is_still_there_is_left_behind(tmp_path: Path) -> None:
    assert str(tmp_path) in sentence([], str(tmp_path))


def test_nothing_left_is_said_so(tmp_path: Path) -> None:
    assert sentence(CLEAN.more_than(CLEAN), str(tmp_path / "gone")).startswith("Left behind: no process")


HYBRID = """25 1 0:22 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
26 1 0:23 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""


def test_beside_hierarchies_of_version_1_that_of_version_2_is_looked_at_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mountinfo").write_text(HYBRID)
    monkeypatch.setattr(cgroups, "MOUNTS", tmp_path / "mountinfo")
    assert [each.root.name for each in cgroups.hierarchies()] == ["cpu"]
    assert [each.root.name for each in cgroups.mounted()] == ["cpu", "unified"]


def test_a_node_larger_than_the_machine_is_refused_by_name() -> None:
    cores, _ = machine()
    with pytest.raises(NodeSizeError, match="big: "):
        kubelet(NodeSpec("big", cpu_milli=cores + 1), "10.88.1.1", "/x", Path("/x"), Path("/x"))


def content(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "program").write_text("#!/bin/sh\n")
    (folder / "bin" / "program").chmod(0o755)
    (folder / "bin" / "other").symlink_to("program")
    return folder


def test_an_image_archive_is_the_same_for_the_same_content(tmp_path: Path) -> None:
    image = Image("local.test/x:1", ("/bin/program",), user="1000")
    first = write_archive(image, content(tmp_path / "a"), tmp_path / "a.tar")
    second = write_archive(image, content(tmp_path / "b"), tmp_path / "b.tar")
    assert first.read_bytes() == second.read_bytes()


def test_an_image_archive_says_how_to_start_and_keeps_links_and_modes(tmp_path: Path) -> None:
    archive = write_archive(Image("local.test/x:1", ("/bin/program",)), content(tmp_path / "a"), tmp_path / "a.tar")
    with tarfile.open(archive) as outer:
        (manifest,) = json.load(outer.extractfile("manifest.json"))
        config = json.load(outer.extractfile(manifest["Config"]))
        with tarfile.open(fileobj=outer.extractfile(manifest["Layers"][0])) as layer:
            entries = {entry.name: entry for entry in layer}
    assert manifest["RepoTags"] == ["local.test/x:1"]
    assert config["config"]["Entrypoint"] == ["/bin/program"]
    assert entries["bin/program"].mode == 0o755
    assert (entries["bin/program"].uid, entries["bin/program"].mtime) == (0, 0)
    assert entries["bin/other"].linkname == "program"
