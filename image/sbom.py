"""`python -m image.sbom ARCHIVE OUTPUT`: CycloneDX's SBOM of the Python packages in a docker-archive of the image.

cyclonedx-py reads the packages that an interpreter sees. The image's own cannot be asked without running the image, so
an empty virtual environment is shown the image's package folders. The result is checked against CycloneDX's schema.
"""

import subprocess
import sys
import tarfile
import venv
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

REPOSITORY = Path(__file__).parent.parent


def main(archive: Path, output: Path) -> None:
    """Write the SBOM, and say what is in it."""
    with TemporaryDirectory() as scratch:
        root, environment = Path(scratch, "root"), Path(scratch, "environment")
        unpack(archive, root)
        venv.create(environment, with_pip=False)
        own = next(environment.glob("lib/python*/site-packages"))
        (own / "image.pth").write_text("\n".join(map(str, package_folders(root))) + "\n")
        write(environment / "bin" / "python", output)
    print(f"{output}: valid CycloneDX, {output.stat().st_size / 1e3:.0f} kB")


def unpack(archive: Path, root: Path) -> None:
    """Unpack the layers of a docker-archive; nothing is put outside `root`."""
    with tarfile.open(archive) as outer:
        for member in outer:
            if member.isfile() and member.name.endswith(".tar"):
                with tarfile.open(fileobj=outer.extractfile(member)) as layer:
                    layer.extractall(root, filter="data")


def package_folders(root: Path) -> Iterator[Path]:
    """Where Python packages lie."""
    for name in ("site-packages", "dist-packages"):
        yield from root.rglob(name)


def write(python: Path, output: Path) -> None:
    """Write the SBOM of what an interpreter sees, the same for the same packages."""
    output.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            *(Path(sys.executable).with_name("cyclonedx-py"), "environment", python, "--validate"),
            *("--output-reproducible", "--pyproject", REPOSITORY / "pyproject.toml", "--output-file", output),
        ],
        check=True,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
