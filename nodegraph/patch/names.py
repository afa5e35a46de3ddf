"""Names: ids of nodes, and port_refs, ``node.port``."""

from __future__ import annotations

import re
from collections.abc import Container
from itertools import count
from sys import intern

from .errors import InvalidValue, quote

MAX_NAME_LENGTH = 100


def check_name(name: str, noun: str = "id") -> str:
    """Return ``name`` if it is a valid name of a node, port or control; else raise :class:`InvalidValue`."""
    if not isinstance(name, str):
        raise InvalidValue(f"the {noun} {quote(name)} must be text. Put it in quotes")
    if name and len(name) <= MAX_NAME_LENGTH and name.isprintable() and "." not in name and name == name.strip():
        return name
    if not name:
        raise InvalidValue(f"the {noun} is empty. Give it a name such as 'osc1'")
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidValue(f"the {noun} {quote(name, 30)} is longer than {MAX_NAME_LENGTH} characters. Shorten it")
    raise InvalidValue(
        f"the {noun} {quote(name)} must be printable, without dots and without spaces at either end. Rename it"
    )


def check_colour(text: str) -> str:
    """Return ``text`` if it is a colour: "#rrggbb", or "" for none. Raises :class:`InvalidValue` otherwise."""
    if text == "" or (isinstance(text, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", text)):
        return text
    raise InvalidValue(f"a colour is written as '#rrggbb', got {quote(text)}")


def split_port_ref(port_ref: str) -> tuple[str, str]:
    """Return node and port, ``"osc1.out"`` → ``("osc1", "out")``. Raises :class:`InvalidValue` for other text."""
    node, dot, port = port_ref.partition(".")
    if not dot:
        raise InvalidValue(f"{quote(port_ref)} does not name a port. Write it as 'node.port', such as 'osc1.out'")
    return intern(check_name(node)), intern(check_name(port, "port"))  # the history keeps many of the same


def unused_id(type: str, taken: Container[str]) -> str:
    """Return the first of ``sine1``, ``sine2``, … that is not in ``taken``."""
    stem = re.sub(r"\W+", "_", type)[: MAX_NAME_LENGTH - 10].strip("_") or "node"
    if stem[-1].isdigit():
        stem += "_"
    return next(name for number in count(1) if (name := f"{stem}{number}") not in taken)


def unused_name(name: str, taken: Container[str]) -> str:
    """Return the first of ``name``, ``name2``, ``name3``, … that is not in ``taken``."""
    if name not in taken:
        return name
    stem = name[: MAX_NAME_LENGTH - 10].rstrip("0123456789 ") or name[: MAX_NAME_LENGTH - 10]
    return next(free for number in count(2) if (free := f"{stem}{number}") not in taken)
