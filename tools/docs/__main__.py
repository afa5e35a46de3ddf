"""``python -m tools.docs``: assemble and build the documentation site in ``build/docs``, and check its links."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from .block_pages import shown_blocks, write_block_pages
from .cache import Cache
from .gallery import write_gallery, write_lessons
from .links import check_links
from .pages import ROOT, BrokenLinkError, copy_pages
from .shipped import patches
from .sources import Sources

BUILD = ROOT / "build" / "docs"
MAX_SHOWN = 20  # broken links that are printed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description="Build the documentation site.")
    parser.add_argument("--output", type=Path, default=BUILD / "site", help="folder of the site")
    parser.add_argument("--only-sources", action="store_true", help="do not run Sphinx")
    options = parser.parse_args()
    sources, began = BUILD / "sources", time.monotonic()
    try:
        count = write_sources(Sources(sources), Cache(BUILD / "cache"))
    except BrokenLinkError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{count} pages written in {time.monotonic() - began:.0f} s.")
    if options.only_sources:
        return 0
    warnings = run_sphinx(sources, options.output)
    links, broken = check_links(options.output)
    for line in broken[:MAX_SHOWN]:
        print(line, file=sys.stderr)
    pages = sum(1 for _ in options.output.rglob("*.html"))
    print(f"{pages} pages, {warnings} warnings, {links} links, {len(broken)} broken, {time.monotonic() - began:.0f} s.")
    print(options.output / "index.html")
    return 1 if broken or warnings else 0


def write_sources(site: Sources, cache: Cache) -> int:
    """Write all pages of the site as Markdown; return their number. Raises BrokenLinkError."""
    blocks = shown_blocks()
    count = copy_pages(site, blocks)
    unplotted = write_block_pages(site, cache)
    print(f"{len(blocks)} blocks, {len(unplotted)} without a plot:")
    for reason in sorted(set(unplotted.values())):
        print(f"  {', '.join(type for type in unplotted if unplotted[type] == reason)}: {reason}")
    for name, reason in write_gallery(site, cache).items():
        print(f"  {name}: {reason}")
    lessons = write_lessons(site, cache)
    site.prune()
    cache.prune()
    return count + len(blocks) + len(patches()) + lessons + 3  # and the three lists


def run_sphinx(sources: Path, output: Path) -> int:
    """Build the site; return the number of warnings, which are printed."""
    from sphinx.application import Sphinx

    app = Sphinx(sources, sources, output, BUILD / "doctrees", "html", status=None, warning=sys.stderr, parallel=2)
    app.build()
    return app._warncount


if __name__ == "__main__":
    raise SystemExit(main())
