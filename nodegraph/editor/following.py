"""Following a patch: type it once per edit, and pass its graph to the editor and the sound."""

from __future__ import annotations

from typing import Protocol

from nodegraph.engine.collection import no_collection
from nodegraph.graph import Graph
from nodegraph.graph.knobs import KnobChange, knob_changes
from nodegraph.patch import Change, Patch
from nodegraph.patch.change import LOOK

from .typed import TypedDocument, type_document


class Player(Protocol):
    """Interface of the receiver of the graph: the sound of the editor."""

    @property
    def rate(self) -> float:
        """Sample rate in Hz."""

    def play(self, graph: Graph) -> None:
        """Play a graph; nodes that are also in the previous graph keep their state."""

    def set_values(self, change: Change, knobs: list[KnobChange]) -> None:
        """Apply a change that only sets these knobs."""


class Following:
    """Keeps the typed document of a patch current and forwards edits to a player, until it is closed.

    A change of the look has no effect. A change of values becomes messages if it only sets knobs. Any other change
    types the document again. ``graph`` is the typed graph of the patch, if known. A document that has problems
    when it is opened plays with placeholders; an edit that adds one is not played, and the previous graph plays on.
    """

    def __init__(self, patch: Patch, player: Player, allow_outside: bool = False, graph: Graph | None = None) -> None:
        self.typed = TypedDocument()
        self._patch, self._player, self._allow_outside = patch, player, allow_outside
        self.close = patch.subscribe(lambda step, change: self._edited(change))
        if graph is not None and graph.document is patch.document and graph.rate == player.rate:
            self._take(TypedDocument.of(graph))
        else:
            self.retype()

    def retype(self) -> None:
        """Type the document again, after its file moved, blocks were reloaded, or the rate changed."""
        patch = self._patch
        with no_collection():
            # the player continues in its own thread before the collector does
            self._take(type_document(patch.document, self._player.rate, patch.path, self._allow_outside, self.typed))

    def _take(self, typed: TypedDocument) -> None:
        self.typed = typed
        if typed.graph is not None and typed.plays:
            self._player.play(typed.graph)

    def _edited(self, change: Change) -> None:
        if change.kind == LOOK:
            return
        knobs = knob_changes(self.typed.graph if self.typed.plays else None, change)
        if knobs is None:
            self.retype()
        else:
            self._player.set_values(change, knobs)
