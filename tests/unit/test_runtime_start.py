"""What keeps the operator from starting is told in one line that says what to do."""

from pathlib import Path

import pytest

from paraset_operator.cli import main

CONFIG = """
apiVersion: v1
kind: Config
current-context: here
clusters: [{name: here, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: here, user: {token: t}}]
contexts: [{name: here, context: {cluster: here, user: here}}]
"""


@pytest.mark.parametrize(
    ("text", "context", "says"),
    [
        ("[not, a, kubeconfig]", [], ""),
        ("{]", [], ""),
        ("", [], ""),
        (CONFIG, ["--context", "elsewhere"], "has no context 'elsewhere', but here: choose with --context"),
    ],
    ids=["no mapping", "no yaml", "empty", "no such context"],
)
def test_a_kubeconfig_that_is_of_no_use(
    text: str, context: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    assert main(["run", "--kubeconfig", str(path), *context, "--health-port=0", "--metrics-port=0"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"paraset: error: kubeconfig {path} ")
    assert says in line
