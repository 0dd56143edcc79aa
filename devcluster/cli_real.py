"""The commands of `python -m devcluster` for real nodes, and for programs that are to reach a cluster."""

import argparse
import os
import subprocess
from pathlib import Path

from devcluster.background import BackgroundError, NamedCluster
from devcluster.realnodes import isolation, requirements


def execute(options: argparse.Namespace, _arguments: list[str]) -> int:
    """Run a program where a cluster can be reached: with KUBECONFIG and a kubectl on PATH, inside with real nodes."""
    running = NamedCluster(options.name).found()
    path = f"{Path(running.kubectl).parent}:{os.environ.get('PATH', '')}"
    environment = {"KUBECONFIG": running.kubeconfig, "PATH": path}
    if running.isolation:
        return isolation.enter(running.isolation, options.argv, environment)
    return subprocess.run(options.argv, env=os.environ | environment, check=False).returncode


def load_image(options: argparse.Namespace, _arguments: list[str]) -> int:
    """Give an image, as an archive from `docker save` or devcluster/images.py, to all real nodes of a cluster."""
    running = NamedCluster(options.name).found()
    if not running.isolation:
        raise BackgroundError(f"cluster {options.name!r} has no real nodes: start it with `up --real-nodes N`")
    for socket in isolation.sockets(running.isolation):
        argv = ["ctr", f"--address={socket}", "--namespace=k8s.io", "images", "import", str(options.archive.resolve())]
        if code := isolation.enter(running.isolation, argv, {}):
            return code
    return 0


def check(_options: argparse.Namespace, _arguments: list[str]) -> int:
    """Say in one line what this machine lacks for real nodes, if anything; the exit code is then 3."""
    requirements.check()
    return 0


def isolated(options: argparse.Namespace, _arguments: list[str]) -> int:
    """Run a program in namespaces of its own, where real nodes may be started, and say whether it left anything."""
    return isolation.run(options.argv)
