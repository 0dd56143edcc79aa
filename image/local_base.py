"""`python -m image.local_base ROOT`: a base image's root file system from this machine's Python, where no registry is.

It holds the interpreter named by --python, as image/rootfs.py copies it, the C libraries that wheels may count on, and
the pip of this virtual environment: what the Dockerfile's first stage needs. The image built there holds no pip.
"""

import argparse
import shutil
import subprocess
from pathlib import Path

import pip

#: What a manylinux wheel may be linked against (PEP 600) beside what the interpreter itself needs.
MANYLINUX = ("libgcc_s.so.1", "libstdc++.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1")


def main() -> None:
    """Write the root file system anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--python", default="/usr/bin/python3", help="the interpreter (default: %(default)s)")
    options = parser.parse_args()
    shutil.rmtree(options.root, ignore_errors=True)
    options.root.mkdir(parents=True)
    subprocess.run([options.python, Path(__file__).with_name("rootfs.py"), options.root], check=True)
    libraries = next(options.root.rglob("libc.so.6")).parent
    for name in MANYLINUX:
        shutil.copy(Path("/") / libraries.relative_to(options.root) / name, libraries)
    folder = _package_folder(options.python)
    shutil.copytree(Path(pip.__file__).parent, options.root / folder.lstrip("/") / "pip")


def _package_folder(python: str) -> str:
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
