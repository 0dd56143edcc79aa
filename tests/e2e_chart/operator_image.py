"""An image of the operator for real nodes, made from the Python that runs this test: the package, what it depends on, an
interpreter and C libraries. It is what the Dockerfile makes, less its tidying, where no registry and no builder is.
"""

import importlib.metadata as metadata
import re
import shutil
from pathlib import Path

from devcluster import images

NAME = "docker.io/library/paraset-operator"
PACKAGES = "/opt/paraset"
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[([^]]*)\])?([^;]*)(?:;(.*))?$")


def write_image(tag: str, folder: Path) -> Path:
    """Write the archive of the image with that tag."""
    root = images.python_root(folder / "root")
    packages = root / PACKAGES.lstrip("/")
    for distribution in sorted(runtime_distributions("paraset")):
        _copy(metadata.distribution(distribution), packages)
    source = Path(__file__).parents[2] / "paraset_operator"
    shutil.copytree(source, packages / "paraset_operator", ignore=shutil.ignore_patterns("__pycache__"))
    for library in images.shared_libraries(packages.rglob("*.so*")):
        target = root / library.relative_to("/")
        if not target.exists() and not library.is_relative_to(root):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)
    command = ("python3", "-c", "import sys; from paraset_operator.cli import main; sys.exit(main())")
    environment = (f"PYTHONPATH={PACKAGES}", "PATH=/bin", "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1")
    image = images.Image(f"{NAME}:{tag}", command, environment, "65532:65532")
    return images.write_archive(image, root, folder / "operator.tar")


def runtime_distributions(name: str) -> set[str]:
    """What a distribution depends on, without extras and without itself."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for text in metadata.requires(waiting.pop()) or ():
            match = _REQUIREMENT.match(text)
            if match is None or "extra" in (match[4] or ""):
                continue
            try:
                distribution = metadata.distribution(match[1])
            except metadata.PackageNotFoundError:
                continue  # for another Python or another system
            if distribution.name not in found:
                found.add(distribution.name)
                waiting.append(distribution.name)
    return found


def _copy(distribution: metadata.Distribution, packages: Path) -> None:
    for file in distribution.files or ():
        if file.parts[0] == ".." or "__pycache__" in file.parts:
            continue
        target = packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(distribution.locate_file(file)), target)
