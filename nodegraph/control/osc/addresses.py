"""What an address of OSC means in a patch: a parameter, a setting, or a sentence that says why nothing.

``/node/port``, ``/node/port/lane`` (from 0) and ``/control/name`` are knobs, in their unit; a node may lie in a
subpatch (``/voice/osc/port``); ``/control/name/position``
is one from 0 to 1 along its taper; ``/node/setting`` is a text or a number. Patterns of OSC 1.0 (``*?[]{}``) mean all
that they fit. Characters that OSC keeps for itself stand in names as in URLs (``%20``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from nodegraph.graph.ports import PatchLocation, spec_of
from nodegraph.node import Choice, Option
from nodegraph.patch import Document, PatchError, nodes_of
from nodegraph.patch.document import find_node
from nodegraph.patch.errors import quote as quoted
from nodegraph.patch.errors import suggest

from ..parameters import Parameter, control_parameter, node_record, parameter

CONTROL, POSITION = "control", "position"
SAFE = "!$&'()+-.:;<=>@^_`|~\"\\"  # what may stand in an address as it is
PATTERN = re.compile(r"[*?\[\]{}]")


class AddressError(Exception):
    """A message that cannot be used; one line says why."""


@dataclass(frozen=True)
class SettingTarget:
    """A choice or an option of a node, and what it is set to."""

    node: str
    declared: Choice | Option
    value: Any


def address_of(*names: str | int) -> str:
    """Names as an address."""
    return "/" + "/".join(quote(str(name), safe=SAFE) for name in names)


def addresses(document: Document, patch_path: Path | None = None, allow_outside: bool = False) -> Iterator[str]:
    """All addresses of a patch, without those of single lanes."""
    for name in document.controls:
        yield address_of(CONTROL, name)
    for node, record in nodes_of(document):
        spec = spec_of(record, PatchLocation(patch_path, allow_outside))
        for port in spec.parameters:
            yield address_of(*node.split("/"), port)


def matching_addresses(pattern: str, known: Iterator[str]) -> list[str]:
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


def resolve(
    document: Document, address: str, patch_path: Path | None = None, allow_outside: bool = False
) -> tuple[Parameter | SettingTarget, str]:
    """What stands at an address, and "position" where that of a knob is meant. Raises :class:`AddressError`."""
    if not address.startswith("/"):
        raise AddressError(f"OSC {quoted(address)} is no address. It begins with a /.")
    names = [unquote(name) for name in address[1:].split("/")]
    try:
        of_node = any(find_node(document, "/".join(names[:end])) for end in (-1, -2))
        if names[0] == CONTROL and not of_node:
            return _control(document, names, address, patch_path, allow_outside)
        if len(names) < 2:
            raise AddressError(f"OSC {quoted(address)}: write /node/port, /node/port/lane or /control/name.")
        if len(names) > 2 and names[-1].isdecimal():
            end, lane = f"{'/'.join(names[:-2])}.{names[-2]}", int(names[-1])
            return parameter(document, end, lane, patch_path, allow_outside), ""
        node, port = "/".join(names[:-1]), names[-1]
        record = node_record(document, node)
        spec = spec_of(record, PatchLocation(patch_path, allow_outside))
        declared = spec.settings.get(port)
        if declared is not None:
            return SettingTarget(node, declared, record.params.get(port, declared.default)), ""
        return parameter(document, f"{node}.{port}", None, patch_path, allow_outside), ""
    except PatchError as error:
        raise AddressError(f"OSC {quoted(address)}: {error}") from None


def _control(
    document: Document, names: list[str], address: str, path: Path | None, allow_outside: bool
) -> tuple[Parameter, str]:
    if len(names) < 2 or names[1] not in document.controls:
        known = list(document.controls)
        hint = suggest("".join(names[1:2]), known) or f" It has {', '.join(known[:12]) or 'none'}."
        raise AddressError(f"OSC {quoted(address)}: the patch has no such control.{hint}")
    if names[2:] not in ([], [POSITION]):
        raise AddressError(f"OSC {quoted(address)}: a control has nothing but a /{POSITION}.")
    knob = control_parameter(document, document.controls[names[1]], path, allow_outside)
    return knob, "".join(names[2:])


def number(address: str, argument: Any) -> float:
    """An argument as a finite number. Raises :class:`AddressError`."""
    if isinstance(argument, bool | int | float) and math.isfinite(argument):
        return float(argument)
    what = quoted(argument) if isinstance(argument, str | float) else f"a {type(argument).__name__}"
    raise AddressError(f"OSC {address}: wants numbers, got {what}.")


def setting_value(address: str, setting: SettingTarget, argument: Any) -> Any:
    """An argument in the type of a setting; a number may be out of its range. Raises :class:`AddressError`."""
    declared = setting.declared
    if isinstance(declared.default, bool):
        return number(address, argument) > 0.5
    if isinstance(declared.default, int):
        return round(number(address, argument))
    if isinstance(declared.default, float):
        return number(address, argument)
    problem = declared.problem(argument)
    if problem:
        raise AddressError(f"OSC {address}: {problem}")
    return argument
