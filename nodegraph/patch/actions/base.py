"""What all edits share: the base of actions, and the checks whose sentences the user reads."""

from __future__ import annotations

from math import isfinite
from typing import Any, ClassVar, TypeVar

from msgspec import Struct

from ..change import STRUCTURE, Change, Kind
from ..document import Document, Wire, no_such_node
from ..errors import InvalidValue, PatchError, quote
from ..names import check_colour, check_name, split_port_ref
from ..values import plain

K = TypeVar("K")
V = TypeVar("V")


class Action(Struct, frozen=True, tag_field="do", omit_defaults=True):
    """Base of every edit. ``kind`` says what it changes; edits of values override :meth:`change`."""

    kind: ClassVar[Kind] = STRUCTURE

    def apply(self, document: Document) -> Document:
        """The edited document; ``document`` itself when there is nothing to change."""
        raise NotImplementedError

    def change(self, document: Document) -> Change:
        """Carry out the edit; returns what it has changed."""
        return Change(document, self.apply(document), self.kind)

    def merges_with(self, previous: Action) -> bool:
        """Is this one more step of the same gesture (a slider being dragged) as ``previous``?"""
        return False


def plain_value(value: Any, path: str) -> Any:
    """A copy of ``value`` as JSON can say it; faults are placed at ``path``."""
    try:
        return plain(value)
    except InvalidValue as fault:
        raise PatchError(f"{path}{fault.path}: {fault.text}.") from None


def named(name: str, noun: str = "id") -> str:
    """``name``, if it may be one."""
    try:
        return check_name(name, noun)
    except InvalidValue as fault:
        raise PatchError(f"{fault.text}.") from None


def parse_port_ref(port_ref: str) -> tuple[str, str]:
    """``"osc1.out"`` → ``("osc1", "out")``. Raises :class:`PatchError` when it is not written so."""
    try:
        return split_port_ref(port_ref)
    except InvalidValue as fault:
        raise PatchError(f"{fault.text}.") from None


def resolve_port_ref(port_ref: str, document: Document) -> tuple[str, str]:
    """Node and port of an end, where that node exists."""
    node, port = parse_port_ref(port_ref)
    if node not in document.nodes:
        raise PatchError(f"{quote(port_ref)}: {no_such_node(node, document)}")
    return node, port


def wire_between(start: str, end: str, document: Document) -> Wire | None:
    """The wire between two ends, if there is one."""
    source, _, source_port = start.partition(".")
    target, _, target_port = end.partition(".")
    for wire in document.wires:
        # the nodes first: it is they that differ, and this line runs for every wire of every edit
        if wire.target != target or wire.source != source:
            continue
        if wire.target_port == target_port and wire.source_port == source_port:
            return wire
    return None


def place_at(x: float, y: float) -> tuple[float, float]:
    """A place in pixels at zoom 1, kept to a hundredth: finer is noise in a diff."""
    if not (isfinite(x) and isfinite(y)):
        raise PatchError(f"a position must be two finite numbers, got {x}, {y}.")
    return round(float(x), 2), round(float(y), 2)


def colour_of(text: str, noun: str) -> str:
    """A colour as it is written in a patch: "#rrggbb", or "" for none."""
    try:
        return check_colour(text)
    except InvalidValue as fault:
        raise PatchError(f"{noun}: {fault.text}.") from None


def quoted_list(words: tuple[str, ...]) -> str:
    """Words in quotes, as a sentence lists them."""
    return ", ".join(map(repr, words[:-1])) + f" or {words[-1]!r}"


def without(items: dict[K, V], *keys: K) -> dict[K, V]:
    """``items`` less some keys."""
    return {name: value for name, value in items.items() if name not in keys}
