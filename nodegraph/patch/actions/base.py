"""The base class of actions, and checks with messages for the user."""

from __future__ import annotations

from math import isfinite
from typing import Any, ClassVar, TypeVar

from msgspec import Struct

from ..change import STRUCTURE, Change, Kind
from ..document import Document, Wire, unknown_node
from ..errors import InvalidValue, PatchError, quote
from ..names import check_colour, check_name, split_port_ref
from ..values import plain

K = TypeVar("K")
V = TypeVar("V")


class Action(Struct, frozen=True, tag_field="do", omit_defaults=True):
    """The base class of edits. ``kind`` is the kind of change; edits of values override :meth:`change`."""

    kind: ClassVar[Kind] = STRUCTURE

    def apply(self, document: Document) -> Document:
        """Return the edited document, or ``document`` itself if nothing changes. Raises :class:`PatchError`."""
        raise NotImplementedError

    def change(self, document: Document) -> Change:
        """Apply the edit and return the change. Raises :class:`PatchError`."""
        return Change(document, self.apply(document), self.kind)

    def merges_with(self, previous: Action) -> bool:
        """Return whether this action continues the gesture of ``previous``, such as the drag of a slider."""
        return False


def plain_value(value: Any, path: str) -> Any:
    """Return a copy of ``value`` as plain data. Raises :class:`PatchError` if JSON cannot represent it."""
    try:
        return plain(value)
    except InvalidValue as fault:
        raise PatchError(f"{path}{fault.path}: {fault.text}.") from None


def named(name: str, noun: str = "id") -> str:
    """Return ``name`` if it is valid. Raises :class:`PatchError` otherwise."""
    try:
        return check_name(name, noun)
    except InvalidValue as fault:
        raise PatchError(f"{fault.text}.") from None


def parse_port_ref(port_ref: str) -> tuple[str, str]:
    """Return node and port, ``"osc1.out"`` → ``("osc1", "out")``. Raises :class:`PatchError` for other text."""
    try:
        return split_port_ref(port_ref)
    except InvalidValue as fault:
        raise PatchError(f"{fault.text}.") from None


def resolve_port_ref(port_ref: str, document: Document) -> tuple[str, str]:
    """Return node and port of a port_ref. Raises :class:`PatchError` if the node does not exist."""
    node, port = parse_port_ref(port_ref)
    if node not in document.nodes:
        raise PatchError(f"{quote(port_ref)}: {unknown_node(node, document)}")
    return node, port


def wire_between(start: str, end: str, document: Document) -> Wire | None:
    """Return the wire between two port_refs, or None."""
    source, _, source_port = start.partition(".")
    target, _, target_port = end.partition(".")
    for wire in document.wires:
        # compare the nodes first, as they usually differ: this line runs for every wire of every edit
        if wire.target != target or wire.source != source:
            continue
        if wire.target_port == target_port and wire.source_port == source_port:
            return wire
    return None


def place_at(x: float, y: float) -> tuple[float, float]:
    """Return a position in pixels at zoom 1, rounded to 0.01 for readable diffs. Raises :class:`PatchError`."""
    if not (isfinite(x) and isfinite(y)):
        raise PatchError(f"a position must be two finite numbers, got {x}, {y}.")
    return round(float(x), 2), round(float(y), 2)


def colour_of(text: str, noun: str) -> str:
    """Return ``text`` if it is a colour: "#rrggbb", or "" for none. Raises :class:`PatchError` otherwise."""
    try:
        return check_colour(text)
    except InvalidValue as fault:
        raise PatchError(f"{noun}: {fault.text}.") from None


def quoted_list(words: tuple[str, ...]) -> str:
    """Return words in quotes as an English list: ``'a', 'b' or 'c'``."""
    return ", ".join(map(repr, words[:-1])) + f" or {words[-1]!r}"


def without(items: dict[K, V], *keys: K) -> dict[K, V]:
    """Return ``items`` without some keys."""
    return {name: value for name, value in items.items() if name not in keys}
