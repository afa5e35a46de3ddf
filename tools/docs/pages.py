"""The Markdown pages of the repository as pages of the site, with their links."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from .sources import Sources

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ELSEWHERE = {"CONTRIBUTING.md": "CONTRIBUTING.md", "REPRODUCTION.md": "REPRODUCTION.md", "CHANGELOG.md": "CHANGELOG.md"}
GENERATED = ("blocks", "gallery", "lessons")  # folders of generated pages
LINKED_BLOCKS = ("tutorial.md", "how-to/")  # pages in which names of blocks link to their pages

_FENCE = re.compile(r"^(```|~~~|:::)")
_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)")
_CODE = re.compile(r"(?<![\[`])`([a-z0-9_]+)`(?![`\]])")


class BrokenLinkError(Exception):
    """A link in a page leads nowhere."""


def committed_pages() -> dict[str, str]:
    """Return the pages of the repository: path in the repository → path in the site."""
    found = {path.relative_to(ROOT).as_posix(): path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    return dict(sorted(found.items())) | ELSEWHERE


def copy_pages(site: Sources, blocks: Iterable[str]) -> int:
    """Copy the pages of the repository, with their pictures and the configuration; return the number of pages."""
    names = frozenset(blocks)
    pages = committed_pages()
    for path in (path for path in DOCS.rglob("*") if path.is_file() and path.suffix != ".md"):
        site.write(path.relative_to(DOCS).as_posix(), path.read_bytes())
    for source, target in pages.items():
        text = site_text(ROOT / source, target, names)
        if Path(target).name == "README.md":  # the contents of a folder
            text += "\n```{toctree}\n:hidden:\n:glob:\n\n[!R]*\n```\n"
        site.write(target, text)
    return len(pages)


def site_text(path: Path, target: str, blocks: frozenset[str]) -> str:
    """Return the text of a page of the repository as it is at ``target`` in the site. Raises BrokenLinkError."""
    pages = committed_pages()

    def relink(match: re.Match[str]) -> str:
        where = _site_link(path, match["target"], target, pages)
        return f"{match['picture']}[{match['text']}]({where})" if where else match["text"]

    def link_block(match: re.Match[str]) -> str:
        page = os.path.relpath(f"blocks/{match[1]}.md", Path(target).parent)
        return f"[`{match[1]}`]({page})" if match[1] in blocks else match[0]

    def line(text: str) -> str:
        text = _LINK.sub(relink, text)
        return _CODE.sub(link_block, text) if target.startswith(LINKED_BLOCKS) and "](" not in text else text

    return _outside_code(path.read_text(), line)


def _site_link(path: Path, link: str, target: str, pages: dict[str, str]) -> str:
    """Return where a link leads to in the site; "" for a file that is not in it, such as a program."""
    name, _, anchor = link.partition("#")
    if re.match(r"[a-z]+:", link) or not name:
        return link
    found = (path.parent / name).resolve()
    if found.is_relative_to(DOCS) and found.relative_to(DOCS).parts[0] in GENERATED:
        place = found.relative_to(DOCS).as_posix()
    elif not found.exists() or not found.is_relative_to(ROOT):
        raise BrokenLinkError(f"{path.relative_to(ROOT)}: the link to '{link}' leads nowhere.")
    elif found.is_dir():
        index = (found / "README.md").relative_to(ROOT).as_posix()
        place = pages.get(index, "")
    elif found.is_relative_to(DOCS):
        place = found.relative_to(DOCS).as_posix()
    else:
        place = pages.get(found.relative_to(ROOT).as_posix(), "")
    return os.path.relpath(place, Path(target).parent) + (f"#{anchor}" if anchor else "") if place else ""


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return a Markdown text with its lines outside of code changed."""
    lines, fence = [], ""
    for line in text.split("\n"):
        mark = _FENCE.match(line.strip())
        if mark and mark[1] != ":::":
            fence = "" if fence == mark[1] else fence or mark[1]
        is_code = fence or mark or line.startswith("    ")
        lines.append(line if is_code else change(line))
    return "\n".join(lines)
