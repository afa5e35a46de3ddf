"""The links of a built site: every page, picture, sound and anchor that a page refers to must exist."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

_ELSEWHERE = re.compile(r"[a-z][a-z+.-]*:|//")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = {""}
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors |= {values[name] or "" for name in ("id", "name") if values.get(name)}
        self.links += [values[name] or "" for name in ("href", "src") if values.get(name)]
        if tag != "a" and (_loaded := values.get("src") or (values.get("href") if tag == "link" else "")):
            self.loaded.append(_loaded)


@cache
def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text())
    return page


def check_links(site: Path) -> tuple[int, list[str]]:
    """Return the number of links between files of a site, and the broken ones, one line each.

    A file that a page loads from another host is broken: the site must work without a network.
    """
    _read.cache_clear()
    count, broken = 0, []
    for path in sorted(site.rglob("*.html")):
        page = _read(path)
        name = path.relative_to(site).as_posix()
        broken += [
            f"{name}: loads {link}" for link in page.loaded if _ELSEWHERE.match(link) and not link.startswith("data:")
        ]
        for link in page.links:
            if _ELSEWHERE.match(link):
                continue
            count += 1
            target, _, anchor = link.partition("#")
            target = target.partition("?")[0]
            found = (path.parent / unquote(target)).resolve() if target else path
            found = found / "index.html" if found.is_dir() else found
            if not found.is_file():
                broken.append(f"{name}: {link} leads nowhere")
            elif anchor and found.suffix == ".html" and unquote(anchor) not in _read(found).anchors:
                broken.append(f"{name}: {link} has no such heading")
    return count, broken
