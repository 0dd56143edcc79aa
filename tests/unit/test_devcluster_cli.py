"""What a person's mistakes get: one clear line and a non-zero exit code."""

from pathlib import Path

import pytest

from devcluster.cli import main


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["up", "--nodes", "no-such-file.csv"],
            "devcluster up: [Errno 2] No such file or directory: 'no-such-file.csv'",
        ),
        (["kubeconfig", "--name", "x"], "devcluster kubeconfig: cluster 'x' is not up: start it with `up --name x`"),
        (["down", "--name", "../x"], "devcluster down: --name '../x': use lower-case letters, digits and dashes"),
    ],
)
def test_a_mistake_gets_one_clear_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith(said)
    assert error.count("\n") == 1


def test_status_without_clusters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    assert main(["status", "--name", "x"]) == 1
    assert capsys.readouterr().out == "no cluster is up\ncluster 'x' is not up\n"
