"""Which tool builds the image. Scripts that only know whether they answer stand where it would."""

from pathlib import Path

import pytest

from image.engines import find_engine


def put(folder: Path, name: str, status: int) -> None:
    (folder / name).write_text(f"#!/bin/sh\nexit {status}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ({"docker": 0, "buildah": 0}, "docker"),
        ({"docker": 1, "buildah": 0}, "buildah"),
        ({"docker": 1}, None),
        ({}, None),
    ],
)
def test_a_docker_that_does_not_answer_is_passed_over(
    there: dict[str, int], chosen: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, status in there.items():
        put(tmp_path, name, status)
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = find_engine(None)
    assert (Path(engine.command).name if engine else None) == chosen
