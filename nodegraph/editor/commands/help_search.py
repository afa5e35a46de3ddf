"""Search in the help texts of all blocks."""

from __future__ import annotations

import re

from nodegraph.blocks.registry import family_name, node_types

from ..command import command
from ..desk import Desk
from ..palettes import Candidate, open_palette
from .help import BlockHelp, block_page, example_of


@command("Search the help texts…", menu="Help", section=0, aliases=("find help", "documentation", "manual"))
def search_help(desk: Desk, payload: object) -> None:
    """Find blocks by any word in their description, ports and settings, and show their help."""
    query = payload if isinstance(payload, str) else ""
    candidates = help_candidates(query)

    def show(key: str, at: object) -> None:
        page = block_page(key)
        if page is not None:
            desk.open_panel(BlockHelp(key, "", page, example_of(key)))

    title = f"Help texts with “{query}”" if query else "Search the help texts"
    open_palette(desk, title, candidates, show, f"No help text has the word “{query}”.")


def help_candidates(query: str) -> list[Candidate]:
    """Return the blocks whose help has all words of a query, each with the sentence that has the first of them."""
    words = [word.casefold() for word in re.findall(r"\w+", query)]
    found = []
    for type, cls in node_types().items():
        text = _help_text(type)
        if cls.hidden or not all(word in text.casefold() for word in words):
            continue
        sentence = next((s for s in re.split(r"(?<=[.:;])\s", text) if not words or words[0] in s.casefold()), text)
        found.append(Candidate(type, type, family_name(cls.family), " ".join(sentence.split()), text))
    return found


def _help_text(type: str) -> str:
    page = block_page(type) or {}
    ports = [*page.get("inputs", ()), *page.get("outputs", ()), *page.get("settings", ())]
    values = [" ".join(port.get("values", ())) for port in ports]
    described = [f"{port['name']}: {port['doc']} {more}".strip() for port, more in zip(ports, values)]
    return ". ".join([page.get("doc", "").replace("``", ""), *described])
