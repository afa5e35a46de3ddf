"""Keys of migrated state: kinds differ, and renaming replaces all node ids."""

from __future__ import annotations

import inspect
from typing import get_type_hints

import pytest

from nodegraph.patch import Wire
from nodegraph.plan import keys

SAMPLES = {
    str: "text",
    int: 7,
    bool: True,
    Wire: Wire("text", "out", "other", "in"),
    tuple[int, ...]: (1, 2),
    keys.SourceSignature: keys.SourceSignature("sine", "[]", "1", 0),
}
KINDS = [
    cls
    for _, cls in inspect.getmembers(keys, inspect.isclass)
    if issubclass(cls, tuple) and {"node", "wire", "hop", "entries"} & set(cls._fields)
]


def key_of(cls):
    """Return a key of a class; keys of two classes with the same fields have the same contents."""
    if cls is keys.Sources:
        return keys.Sources((key_of(keys.SignalSource), key_of(keys.OutputSource), key_of(keys.EventSource)))
    hints = get_type_hints(cls)
    return cls(*(SAMPLES[hints[name]] for name in cls._fields if name != "kind"))


def named_in(key):
    """Return all node ids in a key."""
    if isinstance(key, Wire):
        return [key.source, key.target]
    if isinstance(key, tuple):
        own = [key.node] if "node" in getattr(key, "_fields", ()) else []
        return own + [id for part in key if isinstance(part, tuple | Wire) for id in named_in(part)]
    return []


def test_keys_of_different_kinds_are_different():
    tagged = [key_of(cls) for cls in KINDS if "kind" in cls._fields]
    assert len(tagged) > 8 and len(set(tagged)) == len(tagged)


@pytest.mark.parametrize("cls", KINDS, ids=lambda cls: cls.__name__)
def test_renaming_replaces_node_ids_only(cls):
    key = key_of(cls)
    names = {"text": "new", "other": "another"}
    found = keys.renamed(key, names)
    assert type(found) is cls
    assert named_in(found) == [names[id] for id in named_in(key)]
    assert keys.renamed(found, {new: old for old, new in names.items()}) == key
    assert keys.renamed(key, {"unused": "new"}) == key
