"""The palette: a searchable list of blocks or other candidates."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from nodegraph.blocks.registry import family_name, node_types, words_of
from nodegraph.blocks.wiring_counts import block_counts, usual
from nodegraph.node import Node

from .command import on
from .desk import Desk, OpenPalette
from .events import PaletteChosen, PaletteTyped
from .fuzzy import Match, nearest, search
from .plain import first_line
from .view import PaletteEntry, PaletteVisual, Point

MAX_COUNT = 60
PAGE = 10


@dataclass(frozen=True)
class Candidate:
    """An entry that can be chosen, found by its label, ``text`` and ``aliases``; ``family`` sets the colour.

    ``usual`` says how usual it is, from 0 to 1: of entries that match equally well the most usual comes first; entries
    below 0 come after others.
    """

    key: str
    label: str
    family: str = ""
    doc: str = ""
    text: str = ""
    aliases: tuple[str, ...] = ()
    usual: float = 0.0


def block_candidates(types: Iterable[type[Node]] | None = None) -> list[Candidate]:
    """Return all blocks that are not hidden, as candidates."""
    found = []
    for cls in node_types().values() if types is None else types:
        if cls.hidden:
            continue
        doc = inspect.getdoc(cls) or ""
        spec = cls.spec
        more = " ".join([*spec.choices, *(v for choice in spec.choices.values() for v in choice.values)])
        weight = usual(block_counts()[cls.type])
        family = family_name(cls.family)
        found.append(Candidate(cls.type, cls.type, family, first_line(cls), f"{doc}\n{more}", words_of(cls), weight))
    return found


def find(query: str, candidates: list[Candidate]) -> list[tuple[Candidate, Match]]:
    """Return the candidates that match a query, best first; all in their order for an empty query."""
    names = [(one.label, one.text, one.family, one.aliases) for one in candidates]
    weights = [one.usual for one in candidates] if query.strip() else ()
    return [(candidates[i], match) for i, match in search(query, names, weights)]


def find_nearest(query: str, candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates whose names are spelled most like a query, best first."""
    names = [(one.label, "", "", one.aliases) for one in candidates]
    return [candidates[i] for i, _ in nearest(query, names)]


def open_palette(
    desk: Desk,
    title: str,
    candidates: list[Candidate],
    choose: Callable[[str, Point | None], object],
    empty: str = "No match.",
    otherwise: Callable[[str], list[Candidate]] = lambda query: [],
) -> None:
    """Show a palette; ``choose(key, at)`` receives the chosen key and the canvas point it was dragged to.

    If nothing matches a query, the candidates ``otherwise(query)`` are shown, and none of them is chosen.
    """

    def entries_for(query: str) -> PaletteVisual:
        found = find(query, candidates)
        found = found[:MAX_COUNT] if query.strip() else found
        entries = tuple(_entry(one, match.hits) for one, match in found)
        if not entries:
            return PaletteVisual(title, query, tuple(map(_entry, otherwise(query))), -1, empty)
        return PaletteVisual(title, query, entries, 0)

    desk.palette = OpenPalette(entries_for(""), entries_for, choose)
    desk.view.show_palette(desk.palette.visual)


def _entry(candidate: Candidate, hits: tuple[int, ...] = ()) -> PaletteEntry:
    return PaletteEntry(candidate.key, candidate.label, candidate.family, candidate.doc, hits)


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
