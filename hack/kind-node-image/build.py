"""`python hack/kind-node-image/build.py [NAME]`: a node image for kind where no registry is in reach.

Needs root, a Docker daemon (hack/with-docker), and Debian's debootstrap, runc, containernetworking-plugins and
busybox-static. Everything else is built from the Go modules in devcluster/gomodules, or lies in that of kind.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from devcluster.binaries import CONTAINERD, CONTROL_PLANE, COREDNS, KIND, KUBEADM, KUBELET
from devcluster.build import build
from devcluster.toolchain import environment, find_toolchain, installed

HERE = Path(__file__).parent
SUITE = "bookworm"
PACKAGES = (
    *("systemd", "conntrack", "iptables", "nftables", "iproute2", "ethtool", "util-linux", "mount", "kmod"),
    *("libseccomp2", "procps", "jq", "ca-certificates"),
)
CNI = ("bridge", "host-local", "loopback", "portmap", "ptp")
CONTROL = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
BUSYBOX = Path("/bin/busybox")
SLEEP = 'ENTRYPOINT ["/busybox", "sleep", "infinity"]'
#: What the tests and the examples run, beside the sandbox image that kubeadm names.
PAUSE, EXAMPLE = "registry.k8s.io/pause:3.10", "busybox:1.37"


def main() -> None:
    """Build the image."""
    name = sys.argv[1] if len(sys.argv) > 1 else "paraset/kind-node:local"
    with TemporaryDirectory() as scratch:
        context = Path(scratch)
        _stage_system(context)
        _stage_images(context)
        for file in ("Dockerfile", "layout.sh", "bridge.conflist"):
            shutil.copy(HERE / file, context)
        _run("docker", "build", "--tag", name, str(context))


def _stage_system(context: Path) -> None:
    root = Path.home() / ".cache" / "paraset" / f"kind-node-{SUITE}.tar"
    if not root.exists():
        _bootstrap(root)
    shutil.copy(root, context / "rootfs.tar")
    kind = KIND.module
    go = installed(find_toolchain(kind / "go.mod"))
    asked = [str(go), "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kind"]
    module = subprocess.run(asked, cwd=kind, env=environment(), capture_output=True, text=True, check=True)
    shutil.copytree(Path(module.stdout.strip()) / "images" / "base" / "files", context / "kind")
    _copy((build(CONTAINERD) / each.name for each in CONTAINERD.programs), context / "containerd")
    kubernetes = (build(KUBELET) / "kubelet", build(KUBEADM) / "kubeadm", build(CONTROL_PLANE) / "kubectl")
    _copy(kubernetes, context / "kubernetes")
    _copy((Path("/usr/lib/cni") / each for each in CNI), context / "cni")
    shutil.copy("/usr/sbin/runc", context)


def _bootstrap(archive: Path) -> None:
    with TemporaryDirectory() as scratch:
        _run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, scratch)
        archive.parent.mkdir(parents=True, exist_ok=True)
        _run("tar", "--create", "--file", f"{archive}.partial", "--directory", scratch, ".")
        Path(f"{archive}.partial").rename(archive)


def _stage_images(context: Path) -> None:
    """Every image under the name that kubeadm gives it."""
    (context / "images").mkdir()
    asked = [str(build(KUBEADM) / "kubeadm"), "config", "images", "list", "--kubernetes-version=v1.36.3"]
    names = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    named = {name.rsplit("/", 1)[1].split(":")[0]: name for name in names}
    control, added = build(CONTROL_PLANE), build(KUBEADM)
    for program in CONTROL:
        _image(context, named[program], control / program)
    _image(context, named["etcd"], control / "etcd")
    _image(context, named["coredns"], build(COREDNS) / "coredns", "", 'ENTRYPOINT ["/coredns"]')
    for name in (named["pause"], PAUSE):
        _image(context, name, BUSYBOX, "", SLEEP)
    _image(context, EXAMPLE, BUSYBOX, "/bin", 'RUN ["/bin/busybox", "--install", "-s", "/bin"]')
    (context / "images" / "pause").write_text(named["pause"])
    # kube-proxy calls iptables.
    _image(context, named["kube-proxy"], added / "kube-proxy", "/usr/local/bin", "ADD rootfs.tar /")


def _image(context: Path, name: str, program: Path, folder: str = "/usr/local/bin", line: str = "") -> None:
    with TemporaryDirectory(dir=context) as scratch:
        shutil.copy(program, scratch)
        if "rootfs.tar" in line:
            (Path(scratch) / "rootfs.tar").hardlink_to(context / "rootfs.tar")
        dockerfile = f"FROM scratch\nCOPY {program.name} {folder}/\n{line}\n"
        (Path(scratch) / "Dockerfile").write_text(dockerfile)
        _run("docker", "build", "--quiet", "--tag", name, scratch)
    archive = context / "images" / f"{name.rsplit('/', 1)[-1].replace(':', '-')}.tar"
    _run("docker", "save", "--output", str(archive), name)


def _copy(files: Iterable[Path], folder: Path) -> None:
    folder.mkdir()
    for file in files:
        shutil.copy(file, folder)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
