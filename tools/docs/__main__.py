"""``python -m tools.docs``: assemble and build the documentation site in ``build/docs``, and check its links.

``--pages TYPE …`` measures only these blocks and leaves out the gallery: for work on the pages.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from .block_pages import shown_blocks, write_block_pages
from .cache import Cache
from .gallery import patches, users_of_blocks, write_gallery, write_lessons
from .links import check_links
from .pages import ROOT, BrokenLinkError, copy_pages

BUILD = ROOT / "build" / "docs"
MAX_SHOWN = 20  # broken links that are printed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description="Build the documentation site.")
    parser.add_argument("--output", type=Path, default=BUILD / "site", help="folder of the site")
    parser.add_argument("--only-sources", action="store_true", help="do not run Sphinx")
    options = parser.parse_args()
    sources, began = BUILD / "sources", time.monotonic()
    try:
        count = write_sources(sources, Cache(BUILD / "cache"))
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


def write_sources(sources: Path, cache: Cache) -> int:
    """Write all pages of the site as Markdown; return their number. Raises BrokenLinkError."""
    for folder in ("blocks", "gallery", "lessons"):  # pages of blocks that are gone
        shutil.rmtree(sources / folder, ignore_errors=True)
    count = copy_pages(sources, shown_blocks())
    unplotted = write_block_pages(sources, cache, users_of_blocks(), lambda name: None)
    print(f"{len(shown_blocks())} blocks, {len(unplotted)} without a plot:")
    for reason in sorted(set(unplotted.values())):
        print(f"  {', '.join(type for type in unplotted if unplotted[type] == reason)}: {reason}")
    silent = write_gallery(sources, cache, lambda name: None)
    for name, reason in silent.items():
        print(f"  {name}: {reason}")
    lessons = write_lessons(sources, cache)
    cache.prune()
    return count + len(shown_blocks()) + len(patches()) + lessons + 3


def run_sphinx(sources: Path, output: Path) -> int:
    """Build the site; return the number of warnings, which are printed."""
    from sphinx.application import Sphinx

    app = Sphinx(sources, sources, output, BUILD / "doctrees", "html", status=None, warning=sys.stderr, parallel=2)
    app.build()
    return app._warncount


if __name__ == "__main__":
    raise SystemExit(main())
