"""deploy/install.yaml: the chart with its default values, and the namespace that Helm would have made."""

import yaml

from chart_tools.helm import ROOT, rendered

TARGET = ROOT / "deploy" / "install.yaml"
NAMESPACE_MANIFEST = ROOT / "deploy" / "namespace.yaml"
_HEADER = "# Made from charts/paraset by `make install-yaml`: change the chart, not this file.\n"


def install_manifest() -> str:
    """Return what `kubectl apply` installs."""
    return f"{_HEADER}{NAMESPACE_MANIFEST.read_text(encoding='utf-8')}{rendered().rstrip()}\n"


def objects(manifest: str) -> list[dict[str, object]]:
    """Return the objects of a manifest."""
    return [each for each in yaml.safe_load_all(manifest) if each]
