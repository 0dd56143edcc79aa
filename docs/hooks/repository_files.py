"""Links of the documentation to files of the repository outside docs/ lead to pages of the site made from these files.

So one link serves both readers, of the Markdown in a checkout and of the site, and mkdocs checks it. A Markdown file
becomes a page, any other a page with its text, a folder a page that lists its files. No address of a host is needed.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files, InclusionLevel

DOCS = Path(__file__).resolve().parents[1]
REPOSITORY = DOCS.parent
CODE = re.compile(r"(^(```|~~~).*?^\2\s*$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\]\(\s*)([^)\s#]+)((?:#[^)\s]*)?\s*\))")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
FOLDER_PAGE = "index.md"


def on_files(files: Files, config: Any) -> Files:
    """Add a page for every file or folder that is linked and is no page yet, from page to page."""
    waiting = [Path(page.abs_src_path) for page in files.documentation_pages()]
    seen = {file.src_uri for file in files}
    while waiting:
        for target in targets(waiting.pop()):
            if (uri := uri_of(target)) in seen:
                continue
            seen.add(uri)
            made = page_for(target, uri, config)
            made.inclusion = InclusionLevel.NOT_IN_NAV
            files.append(made)
            if target.is_dir() or target.suffix == ".md":
                waiting.append(target)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point every link to a file of the repository to its page."""
    source, here = source_of(page.file.src_uri), os.path.dirname(page.file.src_uri)  # noqa: PTH120  a URI, not a path

    def rewritten(found: re.Match[str]) -> str:
        target = target_of(source, found[2])
        return found[0] if target is None else f"{found[1]}{os.path.relpath(uri_of(target), here or '.')}{found[3]}"

    return outside_code(markdown, lambda text: LINK.sub(rewritten, text))


def targets(page: Path) -> Iterator[Path]:
    """The files and folders that a page links to; of a folder its files."""
    if page.is_dir():
        yield from files_in(page)
        return
    text = outside_code(page.read_text(encoding="utf-8"), lambda part: part, code=lambda _: "")
    for found in LINK.finditer(text):
        if (target := target_of(page, found[2])) is not None:
            yield target


def files_in(folder: Path) -> list[Path]:
    """The files of a folder that are listed on its page."""
    return sorted(each for each in folder.iterdir() if each.is_file())


def target_of(page: Path, link: str) -> Path | None:
    """What a link of a page leads to, if it is there and in the repository."""
    if ELSEWHERE.match(link):
        return None
    target = (page.parent / link).resolve()
    return target if target.exists() and target.is_relative_to(REPOSITORY) else None


def uri_of(target: Path) -> str:
    """The page of a file or folder, relative to the docs folder."""
    base, inside = (DOCS, "") if target.is_relative_to(DOCS) else (REPOSITORY, "repository/")
    uri = inside + target.relative_to(base).as_posix()
    if target.is_dir():
        return f"{uri}/{FOLDER_PAGE}"
    return uri if target.suffix in {".md", ".svg", ".png"} or not inside else f"{uri}.md"


def source_of(uri: str) -> Path:
    """The file that a page is made from, or a file in the folder that it lists."""
    return REPOSITORY / uri.removeprefix("repository/") if uri.startswith("repository/") else DOCS / uri


def page_for(target: Path, uri: str, config: Any) -> File:
    """A page for a file or folder."""
    name = target.relative_to(REPOSITORY).as_posix()
    if target.is_dir():
        lines = (f"- [{each.name}]({each.name})" for each in files_in(target))
        return File.generated(config, uri, content="\n".join([f"# {name}", "", *lines]))
    if uri.endswith(target.suffix) and target.suffix:
        return File.generated(config, uri, abs_src_path=str(target))
    language = {".py": "python", ".yaml": "yaml", ".json": "json"}.get(target.suffix, "text")
    text = target.read_text(encoding="utf-8")
    return File.generated(config, uri, content=f"# {name}\n\n~~~~{language}\n{text}~~~~\n")


def outside_code(text: str, change: Callable[[str], str], code: Callable[[str], str] = lambda part: part) -> str:
    """Apply `change` to what is not code, and `code` to what is."""
    parts, at = [], 0
    for found in CODE.finditer(text):
        parts += [change(text[at : found.start()]), code(found[0])]
        at = found.end()
    return "".join([*parts, change(text[at:])])
