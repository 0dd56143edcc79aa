"""The real helm, built from devcluster/gomodules/helm, on this repository's chart."""

import subprocess
from pathlib import Path

from devcluster.binaries import HELM, find_binaries

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "charts" / "paraset"
RELEASE, NAMESPACE = "paraset", "paraset-system"


class HelmError(RuntimeError):
    """Helm refused; the message is what it wrote."""


def helm(*arguments: str) -> str:
    """Run helm and return what it prints; raise HelmError if it fails."""
    done = subprocess.run(
        [str(find_binaries(HELM) / "helm"), *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    if done.returncode:
        raise HelmError(done.stderr.strip())
    return done.stdout


def rendered(*arguments: str) -> str:
    """Return the manifests of the chart, with more arguments such as `--set=replicas=1`."""
    return helm("template", RELEASE, str(CHART), f"--namespace={NAMESPACE}", *arguments)
