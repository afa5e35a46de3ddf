"""The session: one patch being edited, with its history, its file and its listeners."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from .actions import (
    Action,
    AddNode,
    ClearParam,
    Connect,
    Disconnect,
    Dissolve,
    Encapsulate,
    Move,
    RemoveNode,
    Rename,
    SetParam,
    from_data,
    parse_port_ref,
    to_data,
    within,
)
from .change import Change
from .document import Document, find_node, locate
from .document import Path as Place
from .errors import PatchError
from .files import read_patch, write_patch
from .history import History, Redo, Undo
from .migrations import migrate_nodes
from .names import unused_id

Step = Action | Undo | Redo
Listener = Callable[[Step, Change], object]


class Patch:
    """A patch being edited, by the rules of the document alone: node types, ports and values may be any.

    All edits go through :meth:`do`, can be undone, and reach the listeners. A document is immutable,
    so :attr:`document` may be passed to another thread; the session itself belongs to one thread.

    The public :class:`nodegraph.Patch` is a subclass that also checks edits against the known blocks.
    """

    def __init__(self, document: Document | None = None, path: str | os.PathLike[str] | None = None) -> None:
        self.path: Path | None = Path(path) if path is not None else None
        self._document = document if document is not None else Document()
        self._kept: Document | None = self._document
        self._history = History()
        self._downgrade = False
        self._listeners: list[Listener] = []
        self._untold: deque[tuple[Step, Change]] = deque()
        self._telling = False

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The patch in the file at ``path``, its nodes migrated to the latest known versions.

        What is not known (blocks, ports, fields) is kept as it is. Raises :class:`PatchError`, one line, if the file
        cannot be read as a patch.
        """
        document = read_patch(path)
        if document.is_newer_format:  # its nodes may be newer too, and it is saved unchanged only if nothing was edited
            return cls(document, path)
        try:
            return cls(migrate_nodes(document), path)
        except PatchError as error:
            raise PatchError(f"{path}: {error}") from None

    def save(self, path: str | os.PathLike[str] | None = None, downgrade: bool = False) -> None:
        """Save to ``path``, which becomes the patch's file; without it, to the file that the patch has.

        If this fails with :class:`PatchError` the old file is unchanged. ``downgrade=True`` allows, now and in later
        calls, to save an edited patch of a newer file format in this format; fields that are unknown here may be lost.
        """
        target = Path(path) if path is not None else self.path
        if target is None:
            raise PatchError("this patch has no file yet. Give save() a path.")
        write_patch(self._document, target, downgrade or self._downgrade)
        self._downgrade |= downgrade
        self.path = target
        self.mark_saved()

    @property
    def document(self) -> Document:
        """The current document."""
        return self._document

    @property
    def saved(self) -> bool:
        """Whether the current document is the one last loaded or saved; undoing back to it counts."""
        return self._document is self._kept

    def mark_saved(self) -> None:
        """Regard the current document as saved."""
        self._kept = self._document

    def mark_unsaved(self) -> None:
        """Regard no document as saved until the next save: the document is a recovered copy."""
        self._kept = None

    @property
    def can_undo(self) -> bool:
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        return self._history.can_redo

    def do(self, action: Step | Mapping[str, Any]) -> None:
        """Carry out an action, an :class:`Undo` or a :class:`Redo`, given as such or as plain data from a log.

        Only the rules of the document hold here, in subclasses too: logs are replayed and edits are undone whether or
        not their blocks are known. Raises :class:`PatchError`, the patch unchanged, if the action does not fit.
        """
        if isinstance(action, Mapping):
            action = step_from_data(action)
        if isinstance(action, Undo):
            return self.undo()
        if isinstance(action, Redo):
            return self.redo()
        change = action.change(self._document)
        if change.after is not change.before:
            self._history.record(action, change)
            self._set_document(change, action)

    def undo(self) -> None:
        """Undo the latest step. Raises :class:`PatchError` if there is none."""
        if not self.can_undo:
            raise PatchError("there is nothing to undo.")
        self._set_document(self._history.undo(), Undo())

    def redo(self) -> None:
        """Redo the latest undone step. Raises :class:`PatchError` if there is none."""
        if not self.can_redo:
            raise PatchError("there is nothing to redo.")
        self._set_document(self._history.redo(), Redo())

    def subscribe(self, callback: Listener) -> Callable[[], None]:
        """Call ``callback(step, change)`` after every step; returns a function that ends the subscription.

        A callback may edit the patch: all listeners are called for all steps, in the order of the steps.
        """
        self._listeners.append(callback)

        def unsubscribe() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return unsubscribe

    def add(self, type: str, id: str | None = None, **params: Any) -> str:
        """Add a node and return its id, by default the first free one such as ``sine1``.

        As in all methods here, an id such as ``"voice/sine1"`` means a node inside the subpatch ``voice``.
        """
        path, name = self._resolve_id(unused_id(type, self._document.nodes) if id is None else id)
        self._edit(path, AddNode(name, type, self._version_of(type), params))
        return "/".join((*path, name))

    def connect(self, source: str, target: str, feedback: bool = False) -> None:
        """Add a wire, ``connect("osc1.out", "lp1.audio")``; ``feedback`` marks the one that closes a loop."""
        path, source, target = self._resolve_wire(source, target)
        self._edit(path, Connect(source, target, feedback))

    def disconnect(self, source: str, target: str) -> None:
        """Remove the wire from ``source`` to ``target``."""
        path, source, target = self._resolve_wire(source, target)
        self._edit(path, Disconnect(source, target))

    def set(self, port_ref: str, value: Any, merge: bool = False) -> None:
        """Set a parameter: ``set("osc1.frequency", 220.0)``, in a subpatch ``set("voice/osc1.frequency", 220.0)``.

        ``value`` is a number, a list with one number for each lane, or the value of a setting. ``merge=True`` makes
        it one undo step with the previous setting of the same parameter, as while a slider is dragged.
        """
        path, node, port = self._resolve_port_ref(port_ref)
        self._edit(path, SetParam(node, port, value, merge))

    def clear(self, port_ref: str) -> None:
        """Set a parameter back to its default."""
        path, node, port = self._resolve_port_ref(port_ref)
        self._edit(path, ClearParam(node, port))

    def remove(self, id: str) -> None:
        """Remove a node with its wires."""
        path, name = self._resolve_id(id)
        self._edit(path, RemoveNode(name))

    def rename(self, id: str, new: str) -> None:
        """Give a node another id; ``new`` is without a path."""
        path, name = self._resolve_id(id)
        self._edit(path, Rename(name, new))

    def move(self, id: str, x: float, y: float) -> None:
        """Place a node at ``x``, ``y`` (pixels at zoom 1)."""
        path, name = self._resolve_id(id)
        self._edit(path, Move(name, x, y))

    def encapsulate(self, ids: Iterable[str], id: str) -> None:
        """Move nodes of one document into a new subpatch ``id``; wires that cross its border get ports."""
        places = [self._resolve_id(one) for one in ids]
        path = places[0][0] if places else ()
        if any(place[0] != path for place in places):
            raise PatchError("the nodes lie in different subpatches. Choose nodes of one.")
        self._edit(path, Encapsulate(tuple(name for _, name in places), id))

    def dissolve(self, id: str) -> None:
        """Replace a subpatch by the nodes inside it."""
        path, name = self._resolve_id(id)
        self._edit(path, Dissolve(name))

    def _edit(self, path: Place, action: Action) -> None:
        """Carry out an edit, requested by one of the methods above, of the nested document at ``path``."""
        self.do(within(path, action))

    def _version_of(self, type: str) -> int:
        """The version of a node type, which is stored with a new node; this layer knows no blocks."""
        return 1

    def _resolve_id(self, text: str) -> tuple[Place, str]:
        """Path and id of a node; if it does not exist, those that it would have."""
        found = find_node(self._document, text)
        if found is not None:
            return found
        document, path, rest = self._document, [], text
        while rest not in document.nodes:
            cuts = [rest[:i] for i, sign in enumerate(rest) if sign == "/"]
            id = next((cut for cut in cuts if cut in document.nodes and document.nodes[cut].patch is not None), None)
            if id is None:
                break
            path.append(id)
            document, rest = document.nested((id,)), rest[len(id) + 1 :]
        return tuple(path), rest

    def _resolve_port_ref(self, port_ref: str) -> tuple[Place, str, str]:
        """The path of a node, its id there, and the port. Raises :class:`PatchError` if there is no such node."""
        text, port = parse_port_ref(port_ref)
        path, node = locate(self._document, text)
        return path, node, port

    def _resolve_wire(self, source: str, target: str) -> tuple[Place, str, str]:
        """The path of a wire, and both its ends relative to that path."""
        places = []
        for end in (source, target):
            node, dot, port = end.partition(".")
            path, name = self._resolve_id(node)
            places.append((path, f"{name}{dot}{port}"))
        if places[0][0] != places[1][0]:
            raise PatchError(f"{source} and {target} lie in different patches. Wire them through inlets and outlets.")
        return places[0][0], places[0][1], places[1][1]

    def __repr__(self) -> str:
        counts = f"{len(self._document.nodes)} nodes, {len(self._document.wires)} wires"
        return f"<Patch {self.path or self._document.title or 'untitled'}: {counts}>"

    def _set_document(self, change: Change, step: Step) -> None:
        self._document = change.after
        self._untold.append((step, change))
        if self._telling:
            return
        self._telling = True
        failure: Exception | None = None
        while self._untold:
            news = self._untold.popleft()
            for listener in tuple(self._listeners):
                try:
                    listener(*news)
                except Exception as error:  # a listener that fails must not keep the others from the new document
                    failure = failure or error
        self._telling = False
        if failure is not None:
            raise failure


def step_to_data(step: Step) -> dict[str, Any]:
    """A step as plain data for a log; :func:`step_from_data` is the inverse."""
    if isinstance(step, Action):
        return to_data(step)
    return {"do": "undo" if isinstance(step, Undo) else "redo"}


def step_from_data(data: Mapping[str, Any]) -> Step:
    """A step of a log: an action as by :func:`from_data`, or ``{"do": "undo"}``, ``{"do": "redo"}``."""
    if data.get("do") == "undo":
        return Undo()
    if data.get("do") == "redo":
        return Redo()
    return from_data(dict(data))
