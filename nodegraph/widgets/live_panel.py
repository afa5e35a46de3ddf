"""The widget: knobs and meters, synchronised with the page by anywidget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from nodegraph.control.changes import ParameterChanges
from nodegraph.control.parameters import node_record
from nodegraph.engine.live import Live
from nodegraph.patch import Patch, PatchError
from nodegraph.patch.values import is_number

from .knobs import WidgetKnob
from .meters import Meters

SCRIPT = Path(__file__).with_name("live_panel.js")
PLAIN = ("", "ratio", "gain", "gate")  # units that are not written
STYLE = Path(__file__).with_name("live_panel.css")


class LivePanel(anywidget.AnyWidget):  # type: ignore[misc]
    """Knobs and meters of a patch. The page sends drags of knobs, and asks for meters about twelve times a second.

    ``knobs`` are dictionaries with name, position 0–1, text and doc; ``meters`` with name, rms and peak in dBFS;
    ``problem`` is the last message for the user, "" if there is none. :meth:`close` ends the connection to the patch.
    """

    _esm = SCRIPT.read_text(encoding="utf-8")
    _css = STYLE.read_text(encoding="utf-8")
    title = traitlets.Unicode().tag(sync=True)
    knobs = traitlets.List(traitlets.Dict()).tag(sync=True)
    meters = traitlets.List(traitlets.Dict()).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, patch: Patch, player: Live | None, knobs: Sequence[WidgetKnob], outputs: tuple[str, ...] = ()
    ) -> None:
        self._knobs = {knob.name: knob for knob in knobs}
        self._changes = ParameterChanges(patch, player, self._report)
        self._meters = Meters(player, outputs) if player is not None else None
        super().__init__(title=patch.document.title, knobs=self._states(), meters=self._levels())
        self._unsubscribe = patch.subscribe(lambda step, change: self._update())
        self.on_msg(lambda widget, message, buffers: self.receive(message))

    def receive(self, message: dict[str, Any]) -> None:
        """Handle a message of the page: ``{"type": "knob", "name": …, "position": 0–1}`` or ``{"type": "poll"}``."""
        if message.get("type") == "poll":
            self.meters = self._levels()
            return
        knob, position = self._knobs.get(str(message.get("name"))), message.get("position")
        if message.get("type") == "knob" and knob is not None and is_number(position) and math.isfinite(position):
            self.problem = ""
            self._changes.set_parameter(knob.parameter, knob.parameter.value(min(max(float(position), 0.0), 1.0)))
            self._changes.commit()

    def close(self) -> None:
        """Remove the widget from the page, and end its connection to the patch."""
        if hasattr(self, "_unsubscribe"):  # __init__ may have failed
            self._unsubscribe()
        super().close()

    def _report(self, line: str) -> None:
        self.problem = line

    def _update(self) -> None:
        self.knobs = self._states()

    def _levels(self) -> list[dict[str, Any]]:
        return self._meters.read() if self._meters is not None else []

    def _states(self) -> list[dict[str, Any]]:
        found = []
        for knob in self._knobs.values():
            try:
                node_record(self._changes.patch.document, knob.parameter.node)
            except PatchError:  # its block was removed
                continue
            value = self._changes.value(knob.parameter)
            position, text = knob.parameter.position(value), _text(value, knob.parameter.declared.unit)
            found.append({"name": knob.name, "position": position, "text": text, "doc": knob.doc})
        return found


def _text(value: float, unit: str) -> str:
    """Return a value in four digits with its unit."""
    number = f"{value:.0f}" if abs(value) >= 1000.0 else f"{value:.4g}"
    return number if unit in PLAIN else f"{number} {unit}"
