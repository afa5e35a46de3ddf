"""Three-way merge of documents: the edits of two copies of a patch, by the ids of what they changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from .document import Document, NodeRecord, Settings, Wire
from .errors import quote

NOUNS = {
    "controls": "control",
    "snapshots": "snapshot",
    "presets": "preset",
    "notes": "comment",
    "areas": "area",
    "extra": "field",
}
QUIET = ("layout", "looks")  # of two positions or colours, ours wins without a conflict

Versions = tuple[Any, Any, Any]
"""A thing in the common version, in ours and in theirs; _MISSING where there is none."""

Merger = Callable[[Any, Versions], Any]
"""Called with the key and the versions of a record; it returns one, or _MISSING."""

_MISSING: Any = object()


@dataclass(frozen=True)
class Merged:
    """A merged document, and a line for each conflict, in which it has the edit of ours."""

    document: Document
    conflicts: tuple[str, ...]


def merge_documents(base: Document, ours: Document, theirs: Document) -> Merged:
    """Return the document with the edits from ``base`` to ``ours`` and to ``theirs``.

    Edits of different nodes, parameters, wires, controls and other records are combined. A conflict is a thing that
    both changed, each to something else, or that one changed and the other removed; ours is kept. If both moved a
    block, ours is kept without a conflict.
    """
    merger = _Merge()
    document = merger.document((base, ours, theirs), "")
    return Merged(document, tuple(merger.conflicts))


class _Merge:
    """A merge with the conflicts that it has found so far."""

    def __init__(self) -> None:
        self.conflicts: list[str] = []

    def document(self, versions: Versions, path: str) -> Document:
        """Return the merge of three documents; ``path`` is the prefix of names in them."""
        nodes = _records(_all(versions, "nodes"), lambda id, found: self.node(found, f"{path}{id}"))
        sections: dict[str, Any] = {
            name: _records(_all(versions, name), self.namer(f"{path}{noun}")) for name, noun in NOUNS.items()
        }
        for name in QUIET:
            kept = _records(_all(versions, name), lambda key, found: _Merge().one(found, ""))
            sections[name] = {id: record for id, record in kept.items() if id in nodes}
        return Document(
            nodes=nodes,
            wires=self.wires(_all(versions, "wires"), nodes, path),
            title=self.one(_all(versions, "title"), f"{path}title"),
            seed=self.one(_all(versions, "seed"), f"{path}seed"),
            settings=self.settings(_all(versions, "settings"), path),
            version=max(_all(versions, "version")),
            **sections,
        )

    def settings(self, versions: Versions, path: str) -> Settings:
        names = [field.name for field in fields(Settings)]
        return Settings(**{name: self.one(_all(versions, name), f"{path}setting {name}") for name in names})

    def node(self, versions: Versions, name: str) -> NodeRecord:
        """Return the merge of a node, value by value if both copies changed it."""
        base, ours, theirs = versions
        if any(one is _MISSING for one in versions) or base in (ours, theirs) or ours == theirs:
            kept: NodeRecord = self.one(versions, name)
            return kept
        block = self.one(_all(versions, "type"), f"{name} (block)")
        if ours.type != theirs.type:
            owner: NodeRecord = ours if block == ours.type else theirs
            return owner  # the parameters belong to the block
        patches = _all(versions, "patch")
        is_nested = all(patch is not None for patch in patches)
        return NodeRecord(
            block,
            self.one(_all(versions, "version"), f"{name} (version)"),
            _records(_all(versions, "params"), lambda key, found: self.one(found, f"{name}.{key}")),
            _records(_all(versions, "extra"), self.namer(f"{name} field")),
            self.document(patches, f"{name}/") if is_nested else self.one(patches, f"{name} (subpatch)"),
        )

    def wires(self, versions: Versions, nodes: Mapping[str, NodeRecord], path: str) -> tuple[Wire, ...]:
        """Return ours without the wires that theirs removed, and with those that theirs added."""
        base, ours, theirs = ({(wire.source_ref, wire.target_ref): wire for wire in wires} for wires in versions)
        merged = _records((base, ours, theirs), lambda ends, found: self.one(found, f"{path}{ends[0]} → {ends[1]}"))
        found = []
        for wire in merged.values():
            missing = [id for id in (wire.source, wire.target) if id not in nodes]
            if missing:
                self.conflicts.append(f"{path}{wire}: wired in one copy, {quote(missing[0])} removed in the other")
            else:
                found.append(wire)
        return tuple(found)

    def namer(self, noun: str) -> Merger:
        """Return the merger of records that are named ``noun`` and their key in conflicts."""
        return lambda key, found: self.one(found, f"{noun} {quote('/'.join(key) if isinstance(key, tuple) else key)}")

    def one(self, versions: Versions, name: str) -> Any:
        """Return the version that differs from the base; ours, with a conflict, if both do and differ."""
        base, ours, theirs = versions
        if _equal(ours, theirs) or _equal(theirs, base):
            return ours
        if _equal(ours, base):
            return theirs
        if ours is _MISSING or theirs is _MISSING:
            here, there = ("removed", "changed") if ours is _MISSING else ("changed", "removed")
            self.conflicts.append(f"{name}: {here} in ours, {there} in theirs")
        else:
            self.conflicts.append(f"{name}: {_text(ours)} in ours, {_text(theirs)} in theirs")
        return ours


def _all(versions: Versions, name: str) -> Versions:
    """Return a field of three objects."""
    base, ours, theirs = versions
    return getattr(base, name), getattr(ours, name), getattr(theirs, name)


def _records(versions: Versions, merger: Merger) -> dict[Any, Any]:
    """Return the merged records by key: in the order of the copy that added or removed some, first ours."""
    base, ours, theirs = versions
    first, second = (theirs, ours) if list(ours) == list(base) else (ours, theirs)
    found = {}
    for key in [*first, *(key for key in second if key not in first)]:
        record = merger(key, (base.get(key, _MISSING), ours.get(key, _MISSING), theirs.get(key, _MISSING)))
        if record is not _MISSING:
            found[key] = record
    return found


def _equal(first: Any, second: Any) -> bool:
    return first is second or (first is not _MISSING and second is not _MISSING and bool(first == second))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return quote(value, 40)
    return repr(value)[:40] if isinstance(value, int | float | list | tuple) or value is None else "changed"
