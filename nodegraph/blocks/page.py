"""The help page of a block as plain data: ports, settings, equation."""

from __future__ import annotations

import inspect
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nodegraph.node import Node


def page(cls: type[Node]) -> dict[str, Any]:
    """Return the help page of a block as plain data."""
    spec = cls.spec
    signals = [
        {
            "name": p.name,
            "carries": p.carries,
            "unit": p.unit,
            "min": p.min,
            "max": p.max,
            "default": p.default,
            "taper": p.taper,
            "bank": p.bank,
            "doc": p.doc,
        }
        for p in spec.inputs.values()
    ]
    output_signals = [
        {"name": p.name, "carries": p.carries, "unit": p.unit, "doc": p.doc} for p in spec.outputs.values()
    ]
    inputs = [*signals, *_carriers(spec.frame_inputs), *_carriers(spec.event_inputs)]
    outputs = [*output_signals, *_carriers(spec.frame_outputs), *_carriers(spec.event_outputs)]
    named = [*spec.choices.values(), *([spec.oversampling] if spec.oversampling else [])]
    choices = [{"name": c.name, "default": c.default, "values": c.values, "doc": c.doc} for c in named]
    options = [
        {"name": o.name, "default": o.default, "min": o.min, "max": o.max, "unit": o.unit, "doc": o.doc}
        for o in spec.options.values()
    ]
    return {
        "type": cls.type,
        "family": cls.family,
        "version": cls.version,
        "doc": inspect.getdoc(cls) or "",
        "inputs": inputs,
        "outputs": outputs,
        "settings": choices + options,
        "source": _source(cls),
    }


def _carriers(ports: dict[str, Any]) -> list[dict[str, Any]]:
    """Describe frame and event ports."""
    return [{"name": p.name, "carries": p.carries, "doc": p.doc} for p in ports.values()]


def _source(cls: type[Node]) -> str:
    """Return the source of the equations."""
    functions = [cls.formula] if cls.formula else [cls.tick, cls.block, cls.frame]
    try:
        parts = [textwrap.dedent(inspect.getsource(function)).rstrip() for function in functions if function]
    except (OSError, TypeError):
        return ""
    return "\n\n".join(parts)
