"""Files of Go modules as they are published, such as the CRDs of other projects, fetched once into Go's own cache."""

import json
import subprocess
import zipfile

from devcluster.binaries import CONTROL_PLANE
from devcluster.toolchain import environment, find_toolchain, installed


def published(module: str, version: str, path: str) -> str:
    """The text of a file of a module; its checksum is verified by Go."""
    go = installed(find_toolchain(CONTROL_PLANE.module / "go.mod"))
    # Inside a module, so that Go does not look at one that happens to lie above; nothing is written to it. It exits
    # with an error, and yet with the archive, if the module is for a newer Go.
    argv = [str(go), "mod", "download", "-json", f"{module}@{version}"]
    where = {"cwd": CONTROL_PLANE.module, "env": environment()}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **where)
    found = json.loads(done.stdout or "{}")
    assert "Zip" in found, f"{module} {version} could not be fetched: {found.get('Error', done.stderr)}"
    with zipfile.ZipFile(found["Zip"]) as archive:
        return archive.read(f"{module}@{version}/{path}").decode()
