"""The difference of a document to the next one: small if they are alike, and enough to go back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from .document import Document

_SECTIONS = tuple(field.name for field in fields(Document))
_WIRES = "wires"  # the section that is a tuple; its entries are their own keys


@dataclass(frozen=True, slots=True)
class _Entries:
    """A section relative to the later one: entries that differ or that it does not have, and keys that only it has.

    ``places`` are the positions of the entries that the later section does not have. Tuples of pairs are kept for
    thousands of steps and take a third of the memory of dicts.
    """

    changed: tuple[tuple[Any, Any], ...]
    places: tuple[tuple[Any, int], ...]
    gone: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The sections that differ, by name, as they were before: entries, or the complete section."""

    sections: tuple[tuple[str, Any], ...]

    def before(self, after: Document) -> Document:
        """Return the earlier document, from the later one."""
        made = {
            name: _apply(name, getattr(after, name), section) if isinstance(section, _Entries) else section
            for name, section in self.sections
        }
        return replace(after, **made)


def difference_of(before: Document, after: Document) -> Difference:
    """Return the difference of two documents. Sections as they were read from a file are kept as they are."""
    sections = []
    for name in _SECTIONS:
        old, new = getattr(before, name), getattr(after, name)
        if old is not new:
            sections.append((name, old if _is_as_read(before, name) else _entries(name, old, new)))
    return Difference(tuple(sections))


def _is_as_read(document: Document, name: str) -> bool:
    source = document.source
    return source is not None and source.sections.get(name, (None,))[0] is getattr(document, name)


def _entries(name: str, section: Any, later: Any) -> Any:
    if not isinstance(section, dict | tuple):
        return section
    old, new = _by_key(name, section), _by_key(name, later)
    changed = tuple((key, value) for key, value in old.items() if key not in new or new[key] is not value)
    places = tuple((key, place) for place, key in enumerate(old) if key not in new)
    found = _Entries(changed, places, tuple(key for key in new if key not in old))
    # a new order of the same entries needs the complete section
    return found if list(_by_key(name, _apply(name, later, found))) == list(old) else section


def _apply(name: str, later: Any, entries: _Entries) -> Any:
    """Return a section from the later one."""
    new, changed, gone = _by_key(name, later), dict(entries.changed), set(entries.gone)
    keys = [key for key in new if key not in gone]
    for key, place in entries.places:
        keys.insert(place, key)
    made = {key: changed[key] if key in changed else new[key] for key in keys}
    return tuple(made.values()) if name == _WIRES else made


def _by_key(name: str, section: Any) -> Mapping[Any, Any]:
    return {wire: wire for wire in section} if name == _WIRES else section
