"""The palette: a searchable list of blocks or other candidates."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from nodegraph.blocks.registry import family_name, node_types
from nodegraph.node import Node

from .command import on
from .desk import Desk, OpenPalette
from .events import PaletteChosen, PaletteTyped
from .fuzzy import Match, search
from .plain import first_line
from .view import PaletteEntry, PaletteVisual, Point

MAX_COUNT = 60
PAGE = 10


@dataclass(frozen=True)
class Candidate:
    """An entry that can be chosen, found by its label, ``words`` and ``aliases``; ``family`` sets the colour."""

    key: str
    label: str
    family: str = ""
    doc: str = ""
    words: str = ""
    aliases: tuple[str, ...] = ()


def block_candidates(types: Iterable[type[Node]] | None = None) -> list[Candidate]:
    """Return all blocks that are not hidden, as candidates."""
    found = []
    for cls in node_types().values() if types is None else types:
        if cls.hidden:
            continue
        doc = inspect.getdoc(cls) or ""
        spec = cls.spec
        more = " ".join([*spec.choices, *(v for choice in spec.choices.values() for v in choice.values)])
        found.append(
            Candidate(cls.type, cls.type, family_name(cls.family), first_line(cls), f"{doc} {more}", cls.aliases)
        )
    return found


def open_palette(
    desk: Desk,
    title: str,
    candidates: list[Candidate],
    choose: Callable[[str, Point | None], object],
    empty: str = "No match.",
) -> None:
    """Show a palette; ``choose(key, at)`` receives the chosen key and the canvas point it was dragged to."""

    def find(query: str) -> PaletteVisual:
        names = [(entry.label, entry.words, entry.family, entry.aliases) for entry in candidates]
        found = search(query, names)[:MAX_COUNT] if query.strip() else [(i, Match(0)) for i in range(len(names))]
        entries = tuple(
            PaletteEntry(candidates[i].key, candidates[i].label, candidates[i].family, candidates[i].doc, match.hits)
            for i, match in found
        )
        return PaletteVisual(title, query, entries, 0 if entries else -1, "" if entries else empty)

    desk.palette = OpenPalette(find(""), find, choose)
    desk.view.show_palette(desk.palette.visual)


def palette_key(desk: Desk, key: str) -> bool:
    """Handle a key while the palette is open; return whether the palette used it."""
    palette = desk.palette
    assert palette is not None
    count = len(palette.visual.entries)
    steps = {"up": -1, "down": 1, "tab": 1, "shift+tab": -1, "pageup": -PAGE, "pagedown": PAGE}
    if key == "escape":
        desk.close_palette()
    elif key in ("enter", "return"):
        choose(desk, palette.visual.chosen)
    elif key in steps and count:
        chosen = min(max(palette.visual.chosen + steps[key], 0), count - 1)
        palette.visual = replace(palette.visual, chosen=chosen)
        desk.view.show_palette(palette.visual)
    else:
        return False
    return True


def choose(desk: Desk, index: int, at: Point | None = None) -> None:
    """Choose the entry at an index and close the palette."""
    palette = desk.palette
    if palette is None or not 0 <= index < len(palette.visual.entries):
        return
    desk.close_palette()
    palette.choose(palette.visual.entries[index].key, at)


@on(PaletteTyped)
def typed(desk: Desk, event: PaletteTyped) -> None:
    """Update the list for the typed text."""
    if desk.palette is not None:
        desk.palette.visual = desk.palette.search(event.text)
        desk.view.show_palette(desk.palette.visual)


@on(PaletteChosen)
def chosen(desk: Desk, event: PaletteChosen) -> None:
    """Choose the clicked entry; a negative index closes the palette."""
    if event.index < 0:
        desk.close_palette()
    else:
        choose(desk, event.index, event.at)
