"""What drawing a wire remembers from one event to the next."""

from __future__ import annotations

from dataclasses import dataclass

from nodegraph.patch import Document

from .desk import State
from .view import Pin, WireKey
from .wiring import WireProposal


@dataclass
class WireGesture(State):
    """A wire that is being drawn.

    ``start`` is the pin at which keys began a wire, ``marked`` the pin whose fitting pins are marked. ``drawn``
    says what a wire between ``pins`` would do in ``document``. ``pulled`` is a wire that was pulled off its input,
    ``after`` the document after that.
    """

    start: Pin | None = None
    marked: Pin | None = None
    document: Document | None = None
    pins: tuple[tuple[str, ...], Pin, Pin] | None = None
    drawn: WireProposal | None = None
    pulled: WireKey | None = None
    after: Document | None = None
