"""`python -m image.build`: build the operator's image from the Dockerfile, with whichever tool for it is here.

With --local no registry is asked: the base is made from this machine's Python (local_base.py), and the packages are
fetched, or taken from build/wheels, before the build starts. --archive writes the image as a docker-archive, which
`docker load`, `kind load image-archive` and `ctr images import` read.
"""

import argparse
import subprocess
import sys
import tomllib
from pathlib import Path

from image.engines import Engine, find_engine

REPOSITORY = Path(__file__).parent.parent
WHEELS = REPOSITORY / "build" / "wheels"
BASE = REPOSITORY / "build" / "base"
LOCAL_BASE = "localhost/paraset-base:local"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
VERSION = PROJECT["project"]["version"]


def main() -> int:
    """Build, and say what was built and how large it is."""
    options = _options()
    engine = find_engine(options.engine)
    if engine is None:
        print("image: no docker that answers, no podman and no buildah here: install one of them", file=sys.stderr)
        return 1
    arguments = {"VERSION": VERSION, "REVISION": _revision()}
    if options.local:
        arguments |= {"PYTHON_IMAGE": _local_base(engine, options.python), "PIP_NO_INDEX": "1"}
    elif options.base:
        arguments["PYTHON_IMAGE"] = options.base
    platform = [f"--platform={options.platform}"] if options.platform else []
    given = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    engine.build(options.name, REPOSITORY, REPOSITORY / "Dockerfile", [*platform, *given])
    if options.archive:
        engine.save(options.name, options.archive)
        print(f"{options.archive}: {options.archive.stat().st_size / 1e6:.0f} MB, {options.name}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default=f"docker.io/library/paraset-operator:{VERSION}")
    parser.add_argument("--engine", help="docker, podman or buildah (default: the first of these that works)")
    parser.add_argument("--base", help="the base image, in place of the Dockerfile's")
    parser.add_argument("--platform", help="as in linux/arm64; the tool must be able to run it")
    parser.add_argument("--local", action="store_true", help="make the base from this machine's Python")
    parser.add_argument("--python", default="/usr/bin/python3", help="that Python (default: %(default)s)")
    parser.add_argument("--archive", type=Path, help="write the image there")
    return parser.parse_args()


def _revision() -> str:
    asked = ["git", "-C", str(REPOSITORY), "rev-parse", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def _local_base(engine: Engine, python: str) -> str:
    _fetch_wheels(python)
    subprocess.run([sys.executable, "-m", "image.local_base", BASE, "--python", python], check=True)
    dockerfile = BASE.with_suffix(".Dockerfile")
    dockerfile.write_text("FROM scratch\nCOPY . /\n")
    engine.build(LOCAL_BASE, BASE, dockerfile, [])
    return LOCAL_BASE


def _fetch_wheels(python: str) -> None:
    requirements = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"]]
    fetched, complete = "\n".join([python, *requirements]), WHEELS / "fetched.txt"
    if complete.exists() and complete.read_text() == fetched:
        return
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", python, "wheel", "--quiet", "--disable-pip-version-check"),
            *("--wheel-dir", WHEELS, "--find-links", WHEELS, *requirements),
        ],
        check=True,
    )
    complete.write_text(fetched)


if __name__ == "__main__":
    sys.exit(main())
