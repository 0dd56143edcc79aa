"""The command line of `paraset report`; what it prints of a live cluster is tested there."""

from pathlib import Path

import pytest

from paraset_operator.cli import main


@pytest.mark.parametrize("hours", ["0", "49", "-1", "a day", "1.5"])
def test_hours_that_are_not_kept_are_refused(hours: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", f"--hours={hours}"]) == 2
    error = capsys.readouterr().err
    assert "from 1 to 48" in error
    assert error.count("\n") == 1


def test_a_kubeconfig_that_is_not_there_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--kubeconfig", str(tmp_path / "none")]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert "none" in captured.err
