"""Every relative link and image in the Markdown here leads to a file or folder, and every #part to a heading."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
MADE = {"build", "dist"}
CODE = re.compile(r"^(```|~~~).*?^\1\s*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+<?([^\s>]+)", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """All Markdown of the repository, without what targets make beside it (.venv, build)."""
    folders = [each for each in ROOT.iterdir() if each.is_dir() and not each.name.startswith(".")]
    kept = [each for each in folders if each.name not in MADE]
    return sorted([*ROOT.glob("*.md"), *(page for folder in kept for page in folder.rglob("*.md"))])


def links(page: Path) -> Iterator[str]:
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    yield from INLINE.findall(text)
    yield from REFERENCE.findall(text)


def parts(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual renderers make them."""
    slugs: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(" ", "-")
        count = sum(1 for each in slugs if each == slug or re.fullmatch(re.escape(slug) + r"-\d+", each))
        slugs.add(f"{slug}-{count}" if count else slug)
    return slugs


def problem(page: Path, link: str) -> str:
    """What is wrong with a link, or nothing."""
    if ELSEWHERE.match(link):
        return ""
    if link.startswith("/"):
        return "is absolute"
    path, _, part = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return "leads nowhere"
    if not target.is_relative_to(ROOT):
        return "leads out of the repository"
    if part and part not in parts(target):
        return "names a part that is not there"
    return ""


def test_the_pages_are_found() -> None:
    names = {str(page.relative_to(ROOT)) for page in pages()}
    assert {"README.md", "CHANGELOG.md", "docs/concepts.md", "docs/reference/api.md"} <= names
    assert "docs/install.md#fillpolicy" in set(links(ROOT / "README.md"))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    found = {link: problem(page, link) for link in links(page)}
    assert {link: what for link, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ("link", "what"),
    [
        ("https://example.com/nowhere", ""),
        ("docs", ""),
        ("docs/install.md#rights-and-why", ""),
        ("docs/none.md", "leads nowhere"),
        ("docs/install.md#none", "names a part that is not there"),
        ("/docs/install.md", "is absolute"),
        ("..", "leads out of the repository"),
    ],
)
def test_a_wrong_link_is_seen(link: str, what: str) -> None:
    assert problem(ROOT / "README.md", link) == what
