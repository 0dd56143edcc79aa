"""The picture of the concepts is the one that its program draws."""

import runpy
from pathlib import Path

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "figures"


def test_the_picture_is_up_to_date() -> None:
    drawn = runpy.run_path(str(FIGURES / "concepts.py"))["draw"]()
    assert drawn == (FIGURES / "concepts.svg").read_text(encoding="utf-8"), "run `make figures`"
