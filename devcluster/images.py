"""Container images without a registry: docker-archive files made from a folder, as `ctr images import` and `docker
load` read them, and the folders of two small images made from what is installed here.

Archives are reproducible: the same folder and the same settings give the same bytes.
"""

import hashlib
import io
import json
import platform
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
UNWANTED = shutil.ignore_patterns(
    "__pycache__", "test", "tests", "site-packages", "idlelib", "tkinter", "*.a", "config-*"
)
USERS = "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"


@dataclass(frozen=True, slots=True)
class Image:
    """What an image is called and how it starts. The name has a tag, and not `latest`, which kubelets would pull."""

    name: str
    command: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    user: str = ""
    folder: str = "/"
    labels: dict[str, str] = field(default_factory=dict)

    def config(self) -> dict[str, object]:
        """The part of the image's configuration that says how it starts."""
        return {
            "Entrypoint": list(self.command),
            "Env": list(self.environment),
            "User": self.user,
            "WorkingDir": self.folder,
            "Labels": self.labels,
        }


def write_archive(image: Image, root: Path, archive: Path) -> Path:
    """Write the docker-archive of an image of one layer, the content of `root`; everything in it belongs to root."""
    layer = _layer(root)
    layer_id = hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {
            "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": image.config(),
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_id}"]},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "devcluster"}],
        }
    ).encode()
    config_name, layer_name = f"{hashlib.sha256(config).hexdigest()}.json", f"{layer_id}/layer.tar"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [image.name], "Layers": [layer_name]}]).encode()
    with tarfile.open(archive, "w") as out:
        for name, content in ((config_name, config), (layer_name, layer), ("manifest.json", manifest)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            out.addfile(entry, io.BytesIO(content))
    return archive


def busybox_root(folder: Path) -> Path:
    """A root folder with busybox (the static one, of the package busybox-static) under all its names."""
    binary = shutil.which("busybox", path="/bin:/usr/bin:/usr/local/bin")
    if binary is None:
        raise FileNotFoundError("busybox: apt-get install busybox-static")
    _skeleton(folder)
    shutil.copy(binary, folder / "bin" / "busybox")
    for name in subprocess.run([binary, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if name != "busybox":
            (folder / "bin" / name).symlink_to("busybox")
    return folder


def python_root(folder: Path) -> Path:
    """A root folder with busybox and the Python that runs this program, its standard library and the C libraries it
    needs, all where they are here. `python` is on PATH.
    """
    busybox_root(folder)
    stdlib, binary = Path(sysconfig.get_path("stdlib")), Path(sys.executable).resolve()
    shutil.copytree(stdlib, _inside(folder, stdlib), ignore=UNWANTED, symlinks=True, dirs_exist_ok=True)
    programs = [binary, *(stdlib / "lib-dynload").glob("*.so")]
    for each in {binary, *shared_libraries(programs)}:
        _inside(folder, each).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(each, _inside(folder, each))
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(binary)
    return folder


def shared_libraries(programs: Iterable[Path]) -> set[Path]:
    """The shared libraries that these programs and libraries load, the loader included, under the names they use."""
    found = set()
    for program in programs:
        text = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
        found |= {Path(word) for line in text.splitlines() for word in line.split() if word.startswith("/")}
    return found


def _skeleton(folder: Path) -> None:
    for name in ("bin", "etc", "tmp"):
        (folder / name).mkdir(parents=True)
    (folder / "tmp").chmod(0o1777)
    (folder / "etc" / "passwd").write_text(USERS)


def _inside(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _layer(root: Path) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as layer:
        for path in sorted(root.rglob("*")):
            layer.add(path, arcname=str(path.relative_to(root)), recursive=False, filter=_anonymous)
    return content.getvalue()


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
    return entry
