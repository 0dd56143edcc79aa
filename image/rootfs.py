"""`python3 image/rootfs.py ROOT`: copy below ROOT what the running interpreter needs, and nothing else.

That is the interpreter, its standard library, the shared libraries that these and the packages already installed below
ROOT are linked against, certificates, and a user. No shell, no package manager, no pip. Needs the standard library and
the dynamic loader alone, so that it runs in any base image and on a bare host.
"""

import compileall
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from py_compile import PycInvalidationMode

#: What lies in the standard library's folder and an operator has no use for.
DROPPED = (
    *("test", "tests", "idlelib", "tkinter", "turtledemo", "turtle.py", "lib2to3", "distutils", "ensurepip", "venv"),
    *("pydoc_data", "sqlite3", "site-packages", "dist-packages", "config-*", "__pycache__", "EXTERNALLY-MANAGED"),
    *("_tkinter.*", "_test*", "_ctypes_test.*", "xx*.so", "_dbm.*", "_gdbm.*", "readline.*", "_curses*.so"),
    *("_sqlite3.*", "nis.*"),
)
#: What packages bring for those who test them or compile against them.
UNUSED = ("tests", "f2py", "distutils", "include", "__pycache__", "*.pyi", "*.pxd", "*.pyx", "*.a", "*.h")
USER = 65532
ACCOUNTS = {
    "passwd": f"root:x:0:0:root:/:/none\nparaset:x:{USER}:{USER}:paraset:/:/none\n",
    "group": f"root:x:0:\nparaset:x:{USER}:\n",
    "nsswitch.conf": "hosts: files dns\n",
}
#: Certificates, and where the loader finds libraries that lie in no folder it knows by itself.
SETTINGS = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/ld.so.cache"))
#: A line of what the dynamic loader lists: "libz.so.1 => /lib/libz.so.1 (0x...)", or the loader itself, without "=>".
LISTED = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x", re.MULTILINE)


def make(root: Path) -> None:
    """Complete the root file system at `root`."""
    for folder in _package_folders(root):
        _drop(folder, UNUSED)
    for command in root.glob("usr/local/bin/*"):
        if command.name != "paraset":
            command.unlink()
    _copy_interpreter(root)
    for library in sorted(_libraries(root)):
        _copy(library, root)
    for name, text in ACCOUNTS.items():
        (root / "etc").mkdir(exist_ok=True)
        (root / "etc" / name).write_text(text)
    for each in SETTINGS:
        if each.exists():
            _copy(each, root)
    compileall.compile_dir(root, quiet=1, stripdir=root, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    (root / "tmp").mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)


def _package_folders(root: Path) -> Iterator[Path]:
    yield from root.rglob("site-packages")
    yield from root.rglob("dist-packages")


def _drop(folder: Path, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        for found in list(folder.rglob(pattern)):
            shutil.rmtree(found) if found.is_dir() else found.unlink(missing_ok=True)


def _copy_interpreter(root: Path) -> None:
    command = Path(sys.executable)
    _copy(command.resolve(), root)
    for name in (command.name, "python3", "python"):
        link = root / command.parent.relative_to("/") / name
        if not link.exists():
            link.symlink_to(command.resolve().name)
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        shutil.copytree(
            folder,
            root / folder.lstrip("/"),
            ignore=lambda _, names: [each for each in names if any(fnmatch(each, every) for every in DROPPED)],
            dirs_exist_ok=True,
        )


def _libraries(root: Path) -> set[Path]:
    """The shared libraries, and the loader, that programs and modules below `root` need from outside it."""
    tracing = {**os.environ, "LD_TRACE_LOADED_OBJECTS": "1"}
    needed = _listed([sys.executable], tracing)
    loader = next(each for each in needed if each.name.startswith("ld-"))
    for module in root.rglob("*.so*"):
        needed |= _listed([str(loader), "--list", str(module)], dict(os.environ))
    return {each for each in needed if not each.is_relative_to(root)}


def _listed(command: list[str], environment: dict[str, str]) -> set[Path]:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if "not found" in done.stdout or done.returncode:
        raise SystemExit(f"{' '.join(command)} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return {Path(each) for each in LISTED.findall(done.stdout)}


def _copy(source: Path, root: Path) -> None:
    """Copy a file, not a link, to the path by which it was found."""
    target = root / source.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


if __name__ == "__main__":
    make(Path(sys.argv[1]).absolute())
