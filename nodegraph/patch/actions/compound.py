"""Actions made of actions, and the list of all there are."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from ..document import Document, Path
from ..errors import PatchError
from .base import Action, plain_value
from .controls import RemoveBinding, RemoveControl, SetBinding, SetControl
from .following import follow, same_ids
from .kept import RemovePreset, RemoveSnapshot, SetPreset, SetSnapshot
from .nesting import Dissolve, Encapsulate, SetPatch
from .nodes import AddNode, RemoveNode, Rename, Replace
from .params import ClearParam, SetParam, SetParams
from .places import Move, MoveArea, MoveMany, RemoveArea, RemoveNote, SetArea, SetLook, SetNote
from .whole import SetSeed, SetSettings, SetTitle
from .wires import Connect, Disconnect, InsertOnWire, SetFeedback


class Group(Action, frozen=True, tag="group"):
    """Several edits as one step: all of them happen, or none.

    Groups of one ``gesture`` (any name but an empty one) right behind one another are one undo step.
    """

    actions: tuple[AnyAction, ...]
    gesture: str = ""

    def apply(self, document: Document) -> Document:
        for action in self.actions:
            document = action.apply(document)
        return document

    def continues(self, earlier: Action) -> bool:
        return bool(self.gesture) and isinstance(earlier, Group) and earlier.gesture == self.gesture


class Within(Action, frozen=True, tag="within"):
    """An edit of the nested document at ``path``, ids of subpatches from outside inward."""

    path: Path
    action: AnyAction

    def apply(self, document: Document) -> Document:
        inner = document.inside(self.path)
        after = self.action.apply(inner)
        if after is inner:
            return document
        edited = document.with_inside(self.path, after)
        return edited if same_ids(inner, after) else self._follow(document, edited)

    def _follow(self, before: Document, after: Document) -> Document:
        """What stands beside the nodes on the way to ``path`` follows those inside it."""
        for depth in reversed(range(len(self.path))):
            place = self.path[:depth]
            after = after.with_inside(place, follow(before.inside(place), after.inside(place)))
        return after

    def continues(self, earlier: Action) -> bool:
        if not isinstance(earlier, Within) or earlier.path != self.path:
            return False
        return self.action.continues(earlier.action)


def within(path: Path, action: Action) -> Action:
    """``action`` at ``path``; the action itself where that is the patch."""
    return Within(path, action) if path else action  # type: ignore[arg-type]


AnyAction: TypeAlias = (
    AddNode
    | RemoveNode
    | Rename
    | Replace
    | Connect
    | Disconnect
    | SetFeedback
    | InsertOnWire
    | SetParam
    | ClearParam
    | SetParams
    | Move
    | MoveMany
    | SetLook
    | SetArea
    | MoveArea
    | RemoveArea
    | SetNote
    | RemoveNote
    | SetSeed
    | SetTitle
    | SetSettings
    | SetControl
    | RemoveControl
    | SetBinding
    | RemoveBinding
    | SetPreset
    | RemovePreset
    | SetSnapshot
    | RemoveSnapshot
    | SetPatch
    | Encapsulate
    | Dissolve
    | Within
    | Group
)


def to_data(action: Action) -> dict[str, Any]:
    """``action`` as a dict of JSON values, such as ``{"do": "connect", "source": …, "target": …}``."""
    data: dict[str, Any] = plain_value(msgspec.to_builtins(action), "action")
    return data


def from_data(data: Any) -> Action:
    """The action that ``data`` describes. Raises :class:`PatchError` when it describes none."""
    try:
        action: Action = msgspec.convert(data, AnyAction)
    except (msgspec.ValidationError, RecursionError) as error:
        raise PatchError(f"this is no action: {str(error).replace('`', '')}.") from None
    return action
