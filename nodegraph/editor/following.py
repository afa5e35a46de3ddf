"""How an edit travels: a patch is typed once, and its graph goes to the editor and to the sound."""

from __future__ import annotations

from typing import Protocol

from nodegraph.graph import Graph
from nodegraph.graph.knobs import KnobChange, knob_changes
from nodegraph.patch import Change, Patch
from nodegraph.patch.change import LOOK, VALUES

from .typed import TypedDocument, type_document


class Player(Protocol):
    """What a patch is followed by: the sound of the editor."""

    @property
    def rate(self) -> float:
        """Sample rate in Hz."""

    def play(self, graph: Graph) -> None:
        """Play this graph from now on; what goes on in both goes on."""

    def set_values(self, change: Change, knobs: list[KnobChange]) -> None:
        """Follow a change that sets nothing but these knobs."""


class Following:
    """Keeps the types of a patch up to date and forwards its edits to a player, until it is closed.

    A change of the look concerns neither; one of values becomes messages where it only sets knobs; anything else
    types the document once. ``graph`` is one of the patch that is typed already. A document with mistakes is not
    played: what played before goes on.
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
        """Type the document anew: its file has moved, blocks were loaded again, or the rate has changed."""
        patch = self._patch
        self._take(type_document(patch.document, self._player.rate, patch.path, self._allow_outside, self.typed))

    def _take(self, typed: TypedDocument) -> None:
        self.typed = typed
        if typed.graph is not None and not typed.problems:
            self._player.play(typed.graph)

    def _edited(self, change: Change) -> None:
        if change.kind == LOOK:
            return
        typed = self.typed
        if change.kind == VALUES and typed.graph is not None and not typed.problems:
            knobs = knob_changes(typed.graph, change.values)
            if knobs is not None:
                self._player.set_values(change, knobs)
                return
        self.retype()
