"""Copy and paste: parts of patches as text on the clipboard.

The text is a small patch file, so a complete patch can be pasted too, and a copied part can be saved as a file. Wires
to nodes that were not copied are in a separate section, ``outer``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from .actions import Action, AddNode, Connect, Group, SetArea, SetLook, SetNote
from .document import Document
from .encode import compact, encode_patch
from .errors import InvalidValue, PatchError
from .names import split_port_ref, unused_name
from .nested import data_of
from .parse import parse_patch

OUTER = "outer"
MAX_BYTES = 4 * 2**20  # bytes of clipboard text
PASTE_OFFSET = 30.0  # pixels between an original and its copy

Place = tuple[float, float]


@dataclass(frozen=True)
class Paste:
    """The action that pastes a text, and maps from the ids in the text to the new ids of nodes, comments and areas."""

    action: Group
    ids: dict[str, str]
    notes: dict[str, str]
    areas: dict[str, str]


def copy_text(document: Document, ids: Iterable[str], notes: Iterable[str] = (), areas: Iterable[str] = ()) -> str:
    """Return the text of nodes and their wires, comments and areas. Raises :class:`PatchError` for an unknown node."""
    requested = {id: document.node(id) for id in ids}
    chosen = {id: record for id, record in document.nodes.items() if id in requested}
    inner = tuple(w for w in document.wires if w.source in chosen and w.target in chosen)
    outer = [
        {"from": w.source_ref, "to": w.target_ref} | ({"feedback": True} if w.feedback else {})
        for w in document.wires
        if (w.source in chosen) != (w.target in chosen)
    ]
    part = Document(
        nodes=chosen,
        wires=inner,
        notes={id: document.notes[id] for id in notes if id in document.notes},
        areas={id: document.areas[id] for id in areas if id in document.areas},
        looks={id: look for id, look in document.looks.items() if id in chosen},
        layout={id: place for id, place in document.layout.items() if id in chosen},
        extra={OUTER: compact(outer)} if outer else {},
    )
    return encode_patch(part).decode()


def paste_action(text: str, document: Document, at: Place | None = None, outer: bool = False) -> Paste:
    """Return the action that pastes ``text`` into ``document``: nodes with new ids, and the wires between them.

    ``at`` is the new upper left corner (pixels at zoom 1), by default :data:`PASTE_OFFSET` from the old one. ``outer``
    also restores wires from nodes that were not copied, if these exist in ``document``. Raises :class:`PatchError` if
    the text is not part of a patch.
    """
    part = _parsed(text)
    ids = _unused_ids(part.nodes, document.nodes)
    notes, areas = _unused_ids(part.notes, document.notes), _unused_ids(part.areas, document.areas)
    dx, dy = _shift(part, at)

    def moved(place: Place) -> Place:
        return place[0] + dx, place[1] + dy

    actions: list[Action] = []
    for id, record in part.nodes.items():
        place = moved(part.layout[id]) if id in part.layout else None
        patch = None if record.patch is None else data_of(record.patch)
        actions.append(AddNode(ids[id], record.type, record.version, record.params, place, record.extra, patch))
    for wire in part.wires:
        start, end = f"{ids[wire.source]}.{wire.source_port}", f"{ids[wire.target]}.{wire.target_port}"
        actions.append(Connect(start, end, wire.feedback, wire.extra))
    for id, look in part.looks.items():
        actions.append(SetLook(ids[id], look.title, look.colour, look.folded))
    for id, note in part.notes.items():
        actions.append(SetNote(notes[id], note.text, *moved(note.at)))
    for id, area in part.areas.items():
        actions.append(SetArea(areas[id], area.title, *moved(area.at), *area.size, area.colour))
    if outer:
        actions += _outer_wires(part, document, ids)
    return Paste(Group(tuple(actions)), ids, notes, areas)  # type: ignore[arg-type]


def duplicate_action(
    document: Document, ids: Iterable[str], notes: Iterable[str] = (), areas: Iterable[str] = (), outer: bool = True
) -> Paste:
    """Return the action that duplicates part of a patch; ``outer=False`` omits its wires from the other nodes."""
    return paste_action(copy_text(document, ids, notes, areas), document, None, outer)


def _parsed(text: str) -> Document:
    if not text.lstrip().startswith("{"):
        raise PatchError("the clipboard does not contain part of a patch. Copy some nodes first.")
    return parse_patch(text.encode("utf-8", "replace"), "the clipboard", MAX_BYTES)


def _unused_ids(requested_ids: Collection[str], taken: Collection[str]) -> dict[str, str]:
    used = set(taken)
    found: dict[str, str] = {}
    for id in requested_ids:
        found[id] = unused_name(id, used)
        used.add(found[id])
    return found


def _shift(document: Document, at: Place | None) -> Place:
    if at is None:
        return PASTE_OFFSET, PASTE_OFFSET
    places = [
        *document.layout.values(),
        *(n.at for n in document.notes.values()),
        *(a.at for a in document.areas.values()),
    ]
    left, top = min((x for x, _ in places), default=0.0), min((y for _, y in places), default=0.0)
    return at[0] - left, at[1] - top


def _outer_wires(part: Document, document: Document, ids: dict[str, str]) -> list[Action]:
    """Return the wires from nodes that exist to the pasted ones; the copy has no outputs, which would be heard twice.

    Invalid entries are skipped, as the text may be from anywhere.
    """
    try:
        listed: Any = json.loads(part.extra.get(OUTER, "[]"))
    except (ValueError, RecursionError):
        return []
    found: dict[tuple[str, str], Action] = {}
    for wire in listed if isinstance(listed, list) else []:
        if not isinstance(wire, dict):
            continue
        try:
            (source, out), (target, into) = (split_port_ref(str(wire.get(key))) for key in ("from", "to"))
        except InvalidValue:
            continue
        if target not in ids or source in ids or source not in document.nodes:
            continue
        start, end = f"{ids.get(source, source)}.{out}", f"{ids.get(target, target)}.{into}"
        found[start, end] = Connect(start, end, wire.get("feedback") is True)
    return list(found.values())
