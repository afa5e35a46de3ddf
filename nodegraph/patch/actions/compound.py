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
    """Several edits as one step: all of them happen, or none.

    Groups of one ``gesture`` (any name but an empty one) right behind one another are one undo step.
    """

    actions: tuple[AnyAction, ...]
    gesture: str = ""

    def apply(self, document: Document) -> Document:
        for action in self.actions:
            document = action.apply(document)
        return document

    def change(self, document: Document) -> Change:
        whole = Change(document, document, LOOK)
        for action in self.actions:
            whole = whole.then(action.change(whole.after))
        return whole

    def merges_with(self, previous: Action) -> bool:
        return bool(self.gesture) and isinstance(previous, Group) and previous.gesture == self.gesture


class Within(Action, frozen=True, tag="within"):
    """An edit of the nested document at ``path``, ids of subpatches from outside inward."""

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
        """What stands beside the nodes on the way to ``path`` follows those inside it."""
        for depth in reversed(range(len(self.path))):
            place = self.path[:depth]
            after = after.with_nested(place, update_references(previous.nested(place), after.nested(place)))
        return after

    def merges_with(self, previous: Action) -> bool:
        if not isinstance(previous, Within) or previous.path != self.path:
            return False
        return self.action.merges_with(previous.action)


def within(path: Path, action: Action) -> Action:
    """``action`` at ``path``; the action itself where that is the patch."""
    return Within(path, action) if path else action


def find_actions(folders: Iterable[str], package: str) -> tuple[type[Action], ...]:
    """Import every module of a package, and return the actions that they define.

    Their union becomes what logs and nested actions may hold.
    """
    for module in pkgutil.iter_modules(folders, f"{package}."):
        importlib.import_module(module.name)
    found = tuple(cls for cls in Action.__subclasses__() if cls.__module__.startswith(f"{package}."))
    globals()["AnyAction"] = Union[found]  # noqa: UP007 - msgspec looks the name up at the first conversion
    return found


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
