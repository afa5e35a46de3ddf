"""Snapshots of a patch's parameters: going back to one, and gliding from one to the next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nodegraph.node import Choice, In, Option
from nodegraph.patch import Document, PatchError, SetParams
from nodegraph.patch.actions.presets import all_params
from nodegraph.patch.document import locate
from nodegraph.patch.errors import quote

from .ports import PatchLocation, nested_document, spec_of
from .rules import title_of


def recall(document: Document, name: str, patch_path: Path | None = None, allow_outside: bool = False) -> SetParams:
    """All parameters as they were in a snapshot; what was not set then goes to its default.

    Nodes that are gone are passed over, and those left alone that the snapshot does not know. Raises PatchError when
    there is no such snapshot.
    """
    values = dict(morph(document, [name], 0.0, patch_path, allow_outside).values)
    nodes = {end.partition(".")[0] for end in values}
    unset = [end for end, _ in all_params(document) if end not in values and end.partition(".")[0] in nodes]
    return SetParams({**values, **dict.fromkeys(unset)})


def morph(
    document: Document,
    names: Sequence[str],
    position: float,
    patch_path: Path | None = None,
    allow_outside: bool = False,
    merge: bool = False,
) -> SetParams:
    """The parameters between snapshots: ``position`` 0 is the first of ``names``, 1 the second, and so on.

    Knobs go straight from the one value to the other, those with a log taper by equal ratios; whole numbers, texts and
    other settings change half way. What one snapshot names and another does not is at its default there. ``merge=True``
    makes a gesture one undo step. Raises PatchError when there is no such snapshot.
    """
    if not names:
        raise PatchError("no snapshots are chosen. Take one first.")
    if not math.isfinite(position):
        raise PatchError(f"the position between snapshots must be a number, got {position}.")
    found = [_snapshot(document, name) for name in names]
    position = min(max(position, 0.0), len(found) - 1.0)
    first = min(int(position), max(len(found) - 2, 0))
    low, high = found[first], found[min(first + 1, len(found) - 1)]
    part = position - first
    home = PatchLocation(patch_path, allow_outside)
    values = {}
    for end in dict.fromkeys(end for snapshot in found for end in snapshot):  # always the same: a gesture can merge
        place = _find_port(document, end, home)
        if place is None:
            continue
        title, declared = place
        for snapshot in (low, high):
            if end in snapshot and not declared.accepts(snapshot[end]):
                raise PatchError(f"{title}: {declared.problem(snapshot[end])} It stands so in the snapshot.")
        if part in (0.0, 1.0):  # exactly as it was, set or not
            values[end] = (high if part else low).get(end)
        else:
            default = list(declared.default) if isinstance(declared.default, tuple) else declared.default
            port = declared if isinstance(declared, In) else None
            values[end] = _interpolate(low.get(end, default), high.get(end, default), part, port)
    return SetParams(values, merge)


def _snapshot(document: Document, name: str) -> Mapping[str, Any]:
    if name not in document.snapshots:
        raise PatchError(f"there is no snapshot {quote(name)}. See the patch's snapshots.")
    return document.snapshots[name].values


def _find_port(document: Document, port_ref: str, home: PatchLocation) -> tuple[str, In | Choice | Option] | None:
    """How sentences name the node of an end, and the parameter's declaration; None if it does not exist."""
    text, _, port = port_ref.partition(".")
    try:
        path, id = locate(document, text)
        for name in path:
            document, home = nested_document(document.nodes[name], home)
    except PatchError:
        return None
    record = document.nodes[id]
    declared = spec_of(record, home).parameters.get(port)
    return None if declared is None else (title_of(record.type, text), declared)


def _interpolate(low: Any, high: Any, fraction: float, port: In | None) -> Any:
    """A value on the way from ``low`` to ``high``."""
    if isinstance(low, list) or isinstance(high, list):
        return _interpolate_lanes(low, high, fraction, port)
    if port is None or not (_is_number(low) and _is_number(high)):
        return low if fraction < 0.5 else high
    if low == high:
        return low
    if port.taper == "log" and low > 0.0 and high > 0.0:
        return port.clamp(float(low) * (float(high) / float(low)) ** fraction)
    return port.clamp(float(low) + (float(high) - float(low)) * fraction)


def _interpolate_lanes(low: Any, high: Any, fraction: float, port: In | None) -> Any:
    """Lists lane by lane, one number for all lanes; lists of unequal lengths change half way."""
    lanes = {len(values) for values in (low, high) if isinstance(values, list)}
    if len(lanes) > 1 or port is None:
        return low if fraction < 0.5 else high
    count = lanes.pop()
    pairs = zip(*(values if isinstance(values, list) else [values] * count for values in (low, high)), strict=True)
    return [_interpolate(a, b, fraction, port) for a, b in pairs]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
