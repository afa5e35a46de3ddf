"""Actions that contain actions, and actions as plain data."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import msgspec

from ..change import LOOK, Change
from ..document import Document, Path
from ..errors import PatchError
from .base import Action, plain_value
from .references import same_ids, update_references

if TYPE_CHECKING:
    AnyAction: TypeAlias = Action  # at run time the union of all actions, see find_actions


class Group(Action, frozen=True, tag="group"):
    """Apply several edits as one step: all or none.

    Consecutive groups with the same ``gesture`` (any non-empty name) are one undo step.
    """

    actions: tuple[AnyAction, ...]
    gesture: str = ""

    def apply(self, document: Document) -> Document:
        for action in self.actions:
            document = action.apply(document)
        return document

    def change(self, document: Document) -> Change:
        merged = Change(document, document, LOOK)
        for action in self.actions:
            merged = merged.then(action.change(merged.after))
        return merged

    def merges_with(self, previous: Action) -> bool:
        return bool(self.gesture) and isinstance(previous, Group) and previous.gesture == self.gesture


class Within(Action, frozen=True, tag="within"):
    """Apply an edit to the nested document at ``path`` (ids of subpatches, outermost first)."""

    path: Path
    action: AnyAction

    def apply(self, document: Document) -> Document:
        return self.change(document).after

    def change(self, document: Document) -> Change:
        nested = self.action.change(document.nested(self.path))
        if nested.after is nested.before:
            return Change(document, document, nested.kind)
        edited = document.with_nested(self.path, nested.after)
        if not same_ids(nested.before, nested.after):
            edited = self._update_references(document, edited)
        return nested.within(self.path, document, edited)

    def _update_references(self, previous: Document, after: Document) -> Document:
        """Update the controls and snapshots of the documents along ``path`` that refer to nodes in it."""
        for depth in reversed(range(len(self.path))):
            place = self.path[:depth]
            after = after.with_nested(place, update_references(previous.nested(place), after.nested(place)))
        return after

    def merges_with(self, previous: Action) -> bool:
        if not isinstance(previous, Within) or previous.path != self.path:
            return False
        return self.action.merges_with(previous.action)


def within(path: Path, action: Action) -> Action:
    """Return ``action`` applied at ``path``; the action itself if ``path`` is ``()``."""
    return Within(path, action) if path else action


def find_actions(folders: Iterable[str], package: str) -> tuple[type[Action], ...]:
    """Import every module of a package, and return the actions that they define.

    Their union becomes the type of actions in logs and of nested actions.
    """
    for module in pkgutil.iter_modules(folders, f"{package}."):
        importlib.import_module(module.name)
    found = tuple(cls for cls in Action.__subclasses__() if cls.__module__.startswith(f"{package}."))
    globals()["AnyAction"] = Union[found]  # noqa: UP007 - msgspec looks the name up at the first conversion
    return found


def to_data(action: Action) -> dict[str, Any]:
    """Return ``action`` as a dict of JSON values, such as ``{"do": "connect", "source": …, "target": …}``."""
    data: dict[str, Any] = plain_value(msgspec.to_builtins(action), "action")
    return data


def from_data(data: Any) -> Action:
    """Return the action that ``data`` describes. Raises :class:`PatchError` if it is not a valid action."""
    try:
        action: Action = msgspec.convert(data, AnyAction)
    except (msgspec.ValidationError, RecursionError) as error:
        raise PatchError(f"invalid action: {str(error).replace('`', '')}.") from None
    return action
