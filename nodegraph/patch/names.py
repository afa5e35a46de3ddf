"""Names: the ids of nodes, and the ``node.port`` spelling of an end of a wire."""

from __future__ import annotations

import re
from collections.abc import Container
from itertools import count

from .errors import Fault, quote

LONGEST_NAME = 100


def check_name(name: str, what: str = "id") -> str:
    """Return ``name`` if it may name a node, a port or a control; otherwise raise :class:`Fault`."""
    if not isinstance(name, str):
        raise Fault(f"the {what} {quote(name)} must be a text. Put it in quotes")
    if name and len(name) <= LONGEST_NAME and name.isprintable() and "." not in name and name == name.strip():
        return name
    if not name:
        raise Fault(f"the {what} is empty. Give it a name such as 'osc1'")
    if len(name) > LONGEST_NAME:
        raise Fault(f"the {what} {quote(name, 30)} is longer than {LONGEST_NAME} characters. Shorten it")
    raise Fault(f"the {what} {quote(name)} must be printable, without dots and without spaces at its ends. Rename it")


def check_colour(text: str) -> str:
    """Return ``text`` if it is a colour as patches write them, "#rrggbb" or "" for none; else raise :class:`Fault`."""
    if text == "" or (isinstance(text, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", text)):
        return text
    raise Fault(f"a colour is written as '#rrggbb', got {quote(text)}")


def split_end(end: str) -> tuple[str, str]:
    """``"osc1.out"`` → ``("osc1", "out")``. Raises :class:`Fault` when it is not written so."""
    node, dot, port = end.partition(".")
    if not dot:
        raise Fault(f"{quote(end)} names no port. Write it as 'node.port', such as 'osc1.out'")
    return check_name(node), check_name(port, "port")


def free_id(type: str, taken: Container[str]) -> str:
    """The first of ``sine1``, ``sine2``, … that is not in ``taken``."""
    stem = re.sub(r"\W+", "_", type)[: LONGEST_NAME - 10].strip("_") or "node"
    if stem[-1].isdigit():
        stem += "_"
    return next(name for number in count(1) if (name := f"{stem}{number}") not in taken)


def numbered(name: str, taken: Container[str]) -> str:
    """``name``, or the first of ``name2``, ``name3``, … that is not in ``taken``."""
    if name not in taken:
        return name
    stem = name[: LONGEST_NAME - 10].rstrip("0123456789 ") or name[: LONGEST_NAME - 10]
    return next(free for number in count(2) if (free := f"{stem}{number}") not in taken)
