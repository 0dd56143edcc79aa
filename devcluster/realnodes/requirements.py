"""What real nodes need of a machine, and one line that says what is missing."""

import os
import shutil
import sys
from pathlib import Path

#: The exit code of a command that could not do anything because something is missing.
EXIT_CODE = 3
CNI_PLUGINS = Path("/usr/lib/cni")
#: By Debian package, the files of which one has to be there.
PACKAGES = {
    "containerd": ("containerd", "ctr", "containerd-shim-runc-v2"),
    "runc": ("runc",),
    "containernetworking-plugins": (str(CNI_PLUGINS / "bridge"), str(CNI_PLUGINS / "host-local")),
    "busybox-static": ("busybox",),
    "iproute2": ("ip",),
    "util-linux": ("mount", "nsenter"),
}


class RequirementError(RuntimeError):
    """This machine cannot run real nodes as it is; the message is one line with the remedy."""


def check() -> None:
    """Raise RequirementError if something is missing."""
    if sys.platform != "linux":
        raise RequirementError("real nodes need Linux")
    if os.geteuid() != 0:
        raise RequirementError("real nodes need root (kubelet, namespaces and cgroups do): run it as root")
    absent = [package for package, programs in PACKAGES.items() if not all(map(find, programs))]
    if absent:
        raise RequirementError(f"real nodes need Debian packages: apt-get install {' '.join(absent)}")


def find(program: str) -> str | None:
    """The path of a program."""
    return shutil.which(program, path=search_path())


def search_path() -> str:
    """PATH with the folders of system programs, which the PATH of a root made by `su` or `sudo` may lack."""
    return f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
