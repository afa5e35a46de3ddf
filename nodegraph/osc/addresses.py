"""What an address of OSC means in a patch: a parameter, a setting, or a sentence that says why nothing.

``/node/port``, ``/node/port/lane`` (from 0) and ``/control/name`` are knobs, in their unit; ``/control/name/position``
is one from 0 to 1 along its taper; ``/node/setting`` is a text or a number. Patterns of OSC 1.0 (``*?[]{}``) mean all
that they fit. Characters that OSC keeps for itself stand in names as in URLs (``%20``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

from ..parameters import Parameter, control_parameter, parameter
from ..patch import Control, Document, PatchError
from ..patch.errors import quote as quoted
from ..patch.errors import suggest
from ..registry import node_types

CONTROL, POSITION = "control", "position"
SAFE = "!$&'()+-.:;<=>@^_`|~\"\\"  # what may stand in an address as it is
PATTERN = re.compile(r"[*?\[\]{}]")


class AddressError(Exception):
    """A message that cannot be used; one line says why."""


def address_of(*names: str | int) -> str:
    """Names as an address."""
    return "/" + "/".join(quote(str(name), safe=SAFE) for name in names)


def addresses(document: Document) -> Iterator[str]:
    """All addresses of a patch, without those of single lanes."""
    for name in document.controls:
        yield address_of(CONTROL, name)
    for id, record in document.nodes.items():
        cls = node_types().get(record.type)
        if cls is not None:
            for port in (*cls.spec.inputs, *cls.spec.choices, *cls.spec.options):
                yield address_of(id, port)


def fitting(pattern: str, known: Iterator[str]) -> list[str]:
    """The addresses that a pattern of OSC 1.0 fits."""
    try:
        expression = re.compile(_expression(pattern))
    except re.error:
        raise AddressError(f"OSC {quoted(pattern)} is no pattern. Close its brackets.") from None
    return [address for address in known if expression.fullmatch(address)]


def _expression(pattern: str) -> str:
    parts = {"*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", "[": "[", "]": "]"}
    found, inside = "", ""
    for before, character in zip("\0" + pattern, pattern):
        if inside == "{" and character == ",":
            found += "|"
        elif inside == "[" and character == "!" and before == "[":
            found += "^"
        elif inside == "[" and character == "-":
            found += "-"
        else:
            found += parts.get(character, re.escape(character))
        if character in "[{":
            inside = character
        elif character in "]}":
            inside = ""
    return found


def meaning(document: Document, address: str) -> tuple[Parameter | tuple[str, str], str]:
    """The parameter at an address, or a node and its setting; and "position" where that is meant."""
    if not address.startswith("/"):
        raise AddressError(f"OSC {quoted(address)} is no address. It begins with a /.")
    names = [unquote(name) for name in address[1:].split("/")]
    try:
        if names[0] == CONTROL and len(names) > 1 and names[1] in document.controls:
            return _control(document, document.controls[names[1]], names, address)
        if names[0] not in document.nodes:
            return _nothing(document, names, address)
        if len(names) not in (2, 3):
            raise AddressError(f"OSC {quoted(address)}: write /node/port, /node/port/lane or /control/name.")
        cls = node_types().get(document.nodes[names[0]].type)
        if len(names) == 2 and cls is not None and (names[1] in cls.spec.choices or names[1] in cls.spec.options):
            return (names[0], names[1]), ""
        lane = None
        if len(names) == 3:
            if not names[2].isdecimal():
                raise AddressError(f"OSC {quoted(address)}: a lane is a number from 0.")
            lane = int(names[2])
        return parameter(document, f"{names[0]}.{names[1]}", lane), ""
    except PatchError as error:
        raise AddressError(f"OSC {quoted(address)}: {error}") from None


def _control(document: Document, control: Control, names: list[str], address: str) -> tuple[Parameter, str]:
    if names[2:] not in ([], [POSITION]):
        raise AddressError(f"OSC {quoted(address)}: a control has nothing but a /{POSITION}.")
    return control_parameter(document, control), "".join(names[2:])


def _nothing(document: Document, names: list[str], address: str) -> Any:
    if names[0] == CONTROL:
        known = list(document.controls)
        hint = suggest(names[1] if len(names) > 1 else "", known) or f" It has {', '.join(known[:12]) or 'none'}."
        raise AddressError(f"OSC {quoted(address)}: the patch has no such control.{hint}")
    hint = suggest(names[0], document.nodes) or " Write /node/port or /control/name."
    raise AddressError(f"OSC {quoted(address)}: the patch has no node {quoted(names[0])}.{hint}")


def number(address: str, argument: Any) -> float:
    if isinstance(argument, bool | int | float) and math.isfinite(argument):
        return float(argument)
    what = quoted(argument) if isinstance(argument, str | float) else f"a {type(argument).__name__}"
    raise AddressError(f"OSC {address}: wants numbers, got {what}.")


def setting_value(document: Document, address: str, setting: tuple[str, str], argument: Any) -> Any:
    """What a setting is to be, of the type that it has."""
    node, name = setting
    spec = node_types()[document.nodes[node].type].spec
    if name in spec.choices:
        if argument not in spec.choices[name].values:
            raise AddressError(f"OSC {address}: one of {', '.join(spec.choices[name].values)}, got {quoted(argument)}.")
        return argument
    default = spec.options[name].default
    if isinstance(default, str):
        if isinstance(argument, str):
            return argument
    elif isinstance(default, bool):
        return number(address, argument) > 0.5
    elif isinstance(default, int):
        return round(number(address, argument))
    elif isinstance(default, float):
        return number(address, argument)
    raise AddressError(f"OSC {address}: this setting cannot be set to {quoted(argument)}.")
