"""Snapshots of a patch's parameters: recall and interpolation."""

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
    """Return the action that restores a snapshot; parameters that it does not set return to their defaults.

    Removed nodes and nodes that are not in the snapshot are skipped. Raises PatchError if the snapshot does not exist.
    """
    values = dict(morph(document, [name], 0.0, patch_path, allow_outside).values)
    nodes = {ref.partition(".")[0] for ref in values}
    unset = [ref for ref, _ in all_params(document) if ref not in values and ref.partition(".")[0] in nodes]
    return SetParams({**values, **dict.fromkeys(unset)})


def morph(
    document: Document,
    names: Sequence[str],
    position: float,
    patch_path: Path | None = None,
    allow_outside: bool = False,
    merge: bool = False,
) -> SetParams:
    """Return the action that interpolates snapshots: ``position`` 0 is the first of ``names``, 1 the second, and so on.

    Knobs are interpolated linearly, or by ratio with a log taper; settings switch at the midpoint. A parameter that a
    snapshot does not set has its default there. ``merge=True`` makes a gesture one undo step. Raises PatchError if a
    snapshot does not exist.
    """
    if not names:
        raise PatchError("no snapshots selected. Store one first.")
    if not math.isfinite(position):
        raise PatchError(f"the position between snapshots must be a number, got {position}.")
    found = [_snapshot(document, name) for name in names]
    position = min(max(position, 0.0), len(found) - 1.0)
    first = min(int(position), max(len(found) - 2, 0))
    low, high = found[first], found[min(first + 1, len(found) - 1)]
    part = position - first
    home = PatchLocation(patch_path, allow_outside)
    values = {}
    for ref in dict.fromkeys(ref for snapshot in found for ref in snapshot):  # a fixed set, so that a gesture merges
        port_found = _find_port(document, ref, home)
        if port_found is None:
            continue
        title, declared = port_found
        for snapshot in (low, high):
            if ref in snapshot and not declared.accepts(snapshot[ref]):
                raise PatchError(f"{title}: {declared.problem(snapshot[ref])} The value is in the snapshot.")
        if part in (0.0, 1.0):  # the stored value, or unset
            values[ref] = (high if part else low).get(ref)
        else:
            default = list(declared.default) if isinstance(declared.default, tuple) else declared.default
            port = declared if isinstance(declared, In) else None
            values[ref] = _interpolate(low.get(ref, default), high.get(ref, default), part, port)
    return SetParams(values, merge)


def _snapshot(document: Document, name: str) -> Mapping[str, Any]:
    if name not in document.snapshots:
        raise PatchError(f"unknown snapshot {quote(name)}. See the patch's snapshots.")
    return document.snapshots[name].values


def _find_port(document: Document, port_ref: str, home: PatchLocation) -> tuple[str, In | Choice | Option] | None:
    """Return the title of the node of a parameter and the parameter's declaration, or None if it does not exist."""
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
    """Interpolate between ``low`` and ``high``."""
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
    """Interpolate lane by lane; a number applies to all lanes; lists of unequal lengths switch at the midpoint."""
    lanes = {len(values) for values in (low, high) if isinstance(values, list)}
    if len(lanes) > 1 or port is None:
        return low if fraction < 0.5 else high
    count = lanes.pop()
    pairs = zip(*(values if isinstance(values, list) else [values] * count for values in (low, high)), strict=True)
    return [_interpolate(a, b, fraction, port) for a, b in pairs]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
