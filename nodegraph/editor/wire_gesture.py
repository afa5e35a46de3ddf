"""State of drawing a wire between events."""

from __future__ import annotations

from dataclasses import dataclass

from nodegraph.patch import Document

from .desk import State
from .view import Pin, WireKey
from .wiring import WireProposal


@dataclass
class WireGesture(State):
    """A wire that is being drawn.

    ``start`` is the first pin of a wire drawn with the keyboard, ``marked`` the pin whose fitting pins are marked.
    ``drawn`` is the proposal for a wire between ``pins`` in ``document``. ``pulled`` is a wire that was pulled off
    its input, ``after`` the document without it.
    """

    start: Pin | None = None
    marked: Pin | None = None
    document: Document | None = None
    pins: tuple[tuple[str, ...], Pin, Pin] | None = None
    drawn: WireProposal | None = None
    pulled: WireKey | None = None
    after: Document | None = None
