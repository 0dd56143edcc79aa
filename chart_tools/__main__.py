"""`python -m chart_tools write|check|everything`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from chart_tools.helm import CHART, ROOT, rendered
from chart_tools.install_manifest import TARGET, install_manifest
from chart_tools.readme import with_table
from chart_tools.schema import with_policy


def current() -> Iterator[tuple[Path, str]]:
    """Yield every file that is made, and its text; of the chart first, because the manifest is made of it."""
    readme, schema = CHART / "README.md", CHART / "values.schema.json"
    yield readme, with_table(readme.read_text(encoding="utf-8"), (CHART / "values.yaml").read_text(encoding="utf-8"))
    yield schema, with_policy(schema.read_text(encoding="utf-8"))
    yield TARGET, install_manifest()


def write() -> int:
    """Write every file that is made."""
    for path, text in current():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 0


def check() -> int:
    """Say which files are not as they would be made."""
    stale = [str(path.relative_to(ROOT)) for path, text in current() if path.read_text(encoding="utf-8") != text]
    if stale:
        sys.stderr.write(f"not current: {', '.join(stale)}: run `make install-yaml` and commit\n")
    return int(bool(stale))


def everything() -> int:
    """Print the manifests with every part of the chart turned on."""
    values = ROOT / "tests" / "chart" / "everything.yaml"
    sys.stdout.write(rendered(f"--values={values}", "--api-versions=paraset.io/v1alpha1/FillPolicy"))
    return 0


if __name__ == "__main__":
    words = {"write": write, "check": check, "everything": everything}
    if len(sys.argv) != 2 or sys.argv[1] not in words:
        sys.exit(f"usage: python -m chart_tools {'|'.join(words)}")
    sys.exit(words[sys.argv[1]]())
