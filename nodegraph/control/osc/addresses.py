"""OSC addresses of the parameters and settings of a patch.

``/node/port``, ``/node/port/lane`` (from 0) and ``/control/name`` are parameters, in their unit; a node may be in a
subpatch (``/voice/osc/port``). ``/control/name/position`` is a control from 0 to 1 along its taper. ``/node/setting``
is a string or a number. A pattern of OSC 1.0 (``*?[]{}``) addresses everything it matches. Characters that OSC
reserves are percent-encoded in names (``%20``).
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
from .patterns import matches, parse_pattern

CONTROL, POSITION = "control", "position"
SAFE = "!$&'()+-.:;<=>@^_`|~\"\\"  # characters that are not percent-encoded
PATTERN = re.compile(r"[*?\[\]{}]")


class AddressError(Exception):
    """An OSC message with an invalid address or argument; the text is one line."""


@dataclass(frozen=True)
class SettingTarget:
    """A choice or an option of a node, with its value."""

    node: str
    declared: Choice | Option
    value: Any


def address_of(*names: str | int) -> str:
    """Join names to an address."""
    return "/" + "/".join(quote(str(name), safe=SAFE) for name in names)


def addresses(document: Document, patch_path: Path | None = None, allow_outside: bool = False) -> Iterator[str]:
    """Yield all addresses of a patch, except those of single lanes."""
    for name in document.controls:
        yield address_of(CONTROL, name)
    for node, record in nodes_of(document):
        spec = spec_of(record, PatchLocation(patch_path, allow_outside))
        for port in spec.parameters:
            yield address_of(*node.split("/"), port)


def matching_addresses(pattern: str, known: Iterator[str]) -> list[str]:
    """Return the addresses that match a pattern of OSC 1.0. Raises :class:`AddressError` for an open bracket."""
    try:
        parsed = parse_pattern(pattern)
    except ValueError:
        raise AddressError(f"OSC {quoted(pattern)}: invalid pattern. Close its brackets.") from None
    return [address for address in known if matches(parsed, address)]


def resolve(
    document: Document, address: str, patch_path: Path | None = None, allow_outside: bool = False
) -> tuple[Parameter | SettingTarget, str]:
    """Return the target of an address, and "position" if the address ends in it. Raises :class:`AddressError`."""
    if not address.startswith("/"):
        raise AddressError(f"OSC {quoted(address)}: invalid address. Start it with a /.")
    names = [unquote(name) for name in address[1:].split("/")]
    try:
        is_node = any(find_node(document, "/".join(names[:end])) for end in (-1, -2))
        if names[0] == CONTROL and not is_node:
            return _control(document, names, address, patch_path, allow_outside)
        if len(names) < 2:
            raise AddressError(
                f"OSC {quoted(address)}: incomplete address. Use /node/port, /node/port/lane or /control/name."
            )
        if len(names) > 2 and names[-1].isdecimal():
            port_ref, lane = f"{'/'.join(names[:-2])}.{names[-2]}", int(names[-1])
            return parameter(document, port_ref, lane, patch_path, allow_outside), ""
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
        hint = suggest("".join(names[1:2]), known) or f" The patch has {', '.join(known[:12]) or 'no controls'}."
        raise AddressError(f"OSC {quoted(address)}: unknown control.{hint}")
    if names[2:] not in ([], [POSITION]):
        raise AddressError(
            f"OSC {quoted(address)}: unknown part of a control. Use /control/name or /control/name/{POSITION}."
        )
    found = control_parameter(document, document.controls[names[1]], path, allow_outside)
    return found, "".join(names[2:])


def number(address: str, argument: Any) -> float:
    """Return an argument as a finite number. Raises :class:`AddressError`."""
    if isinstance(argument, bool | int | float) and math.isfinite(argument):
        return float(argument)
    shown = quoted(argument) if isinstance(argument, str | float) else f"a {type(argument).__name__}"
    raise AddressError(f"OSC {address}: arguments must be finite numbers, got {shown}.")


def setting_value(address: str, setting: SettingTarget, argument: Any) -> Any:
    """Convert an argument to the type of a setting; a number may be out of range. Raises :class:`AddressError`."""
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
