"""The editing session of a patch, with its history, file and listeners."""

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
from .errors import PatchError, quote
from .files import read_patch, write_patch
from .history import History, Redo, Undo
from .migrations import migrate_nodes
from .names import unused_id

Step = Action | Undo | Redo
Listener = Callable[[Step, Change], object]


class Patch:
    """A patch in an editing session. It checks the rules of the document only: any type, port or value is accepted.

    All edits go through :meth:`do`, can be undone, and are reported to the listeners. A document is immutable, so
    :attr:`document` may be passed to another thread; the session itself may be used by one thread only.

    The public :class:`nodegraph.Patch` is a subclass that also checks edits against the known blocks.
    """

    def __init__(self, document: Document | None = None, path: str | os.PathLike[str] | None = None) -> None:
        self.path: Path | None = Path(path) if path is not None else None
        self._document = document if document is not None else Document()
        self._saved_document: Document | None = self._document
        self._history = History()
        self._downgrade = False
        self._listeners: list[Listener] = []
        self._unreported: deque[tuple[Step, Change]] = deque()
        self._is_reporting = False

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Load the patch in the file at ``path``, its nodes migrated to the latest known versions.

        Unknown blocks, ports and fields are preserved. Raises :class:`PatchError` if the file is not a readable patch.
        """
        document = read_patch(path)
        if document.is_newer_format:  # a migration would be an edit, and prevent saving it unchanged
            return cls(document, path)
        try:
            return cls(migrate_nodes(document), path)
        except PatchError as error:
            raise PatchError(f"{path}: {error}") from None

    def save(self, path: str | os.PathLike[str] | None = None, downgrade: bool = False) -> None:
        """Save to ``path``, which becomes the file of the patch; by default, to its current file.

        Raises :class:`PatchError` if this fails; the old file is then unchanged. ``downgrade=True`` allows this and
        later calls to save an edited patch of a newer format in this format, which may lose unknown fields.
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
        """Whether the current document is the one last loaded or saved, also after an undo."""
        return self._document is self._saved_document

    def mark_saved(self) -> None:
        """Mark the current document as saved."""
        self._saved_document = self._document

    def mark_unsaved(self) -> None:
        """Mark the patch as unsaved until the next save, for a recovered document."""
        self._saved_document = None

    @property
    def can_undo(self) -> bool:
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        return self._history.can_redo

    def do(self, action: Step | Mapping[str, Any]) -> None:
        """Apply an action, an :class:`Undo` or a :class:`Redo`, given as an object or as plain data from a log.

        Only the rules of the document are checked, in subclasses too, so that logs with unknown blocks can be replayed
        and undone. Raises :class:`PatchError` if the action does not fit; the patch is then unchanged.
        """
        if isinstance(action, Mapping):
            action = step_from_data(action)
        if isinstance(action, Undo):
            return self.undo()
        if isinstance(action, Redo):
            return self.redo()
        if not isinstance(action, Action):
            raise PatchError(f"a step is an action, or data such as {{'do': 'undo'}}, got {quote(action)}.")
        change = action.change(self._document)
        if change.after is not change.before:
            self._history.record(action, change, self._saved_document)
            self._set_document(change, action)

    def undo(self) -> None:
        """Undo the latest step. Raises :class:`PatchError` if there is none."""
        if not self.can_undo:
            raise PatchError("nothing to undo.")
        self._set_document(self._history.undo(self._document), Undo())

    def redo(self) -> None:
        """Redo the latest undone step. Raises :class:`PatchError` if there is none."""
        if not self.can_redo:
            raise PatchError("nothing to redo.")
        self._set_document(self._history.redo(), Redo())

    def subscribe(self, callback: Listener) -> Callable[[], None]:
        """Call ``callback(step, change)`` after every step; return a function that ends the subscription.

        A callback may edit the patch; all listeners receive all steps in order.
        """
        self._listeners.append(callback)

        def unsubscribe() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return unsubscribe

    def add(self, type: str, id: str | None = None, **params: Any) -> str:
        """Add a node and return its id, by default the first unused one, such as ``sine1``.

        In this and the following methods, an id such as ``"voice/sine1"`` means a node in the subpatch ``voice``.
        """
        path, name = self._resolve_id(unused_id(_text(type, "sine"), self._document.nodes) if id is None else id)
        self._edit(path, AddNode(name, type, self._version_of(type), params))
        return "/".join((*path, name))

    def connect(self, source: str, target: str, feedback: bool = False) -> None:
        """Add a wire, ``connect("osc1.out", "lp1.audio")``; ``feedback`` marks a wire that closes a loop."""
        path, source, target = self._resolve_wire(source, target)
        self._edit(path, Connect(source, target, feedback))

    def disconnect(self, source: str, target: str) -> None:
        """Remove the wire from ``source`` to ``target``."""
        path, source, target = self._resolve_wire(source, target)
        self._edit(path, Disconnect(source, target))

    def set(self, port_ref: str, value: Any, merge: bool = False) -> None:
        """Set a parameter: ``set("osc1.frequency", 220.0)``, in a subpatch ``set("voice/osc1.frequency", 220.0)``.

        ``value`` is a number, a list with one number for each lane, or the value of a setting. ``merge=True`` makes
        it one undo step with the previous set of the same parameter, as while a slider is dragged.
        """
        path, node, port = self._resolve_port_ref(port_ref)
        self._edit(path, SetParam(node, port, value, merge))

    def clear(self, port_ref: str) -> None:
        """Reset a parameter to its default."""
        path, node, port = self._resolve_port_ref(port_ref)
        self._edit(path, ClearParam(node, port))

    def remove(self, id: str) -> None:
        """Remove a node and its wires."""
        path, name = self._resolve_id(id)
        self._edit(path, RemoveNode(name))

    def rename(self, id: str, new: str) -> None:
        """Change the id of a node; ``new`` has no path."""
        path, name = self._resolve_id(id)
        self._edit(path, Rename(name, new))

    def move(self, id: str, x: float, y: float) -> None:
        """Move a node to ``x``, ``y`` (pixels at zoom 1)."""
        path, name = self._resolve_id(id)
        self._edit(path, Move(name, x, y))

    def encapsulate(self, ids: Iterable[str], id: str) -> None:
        """Move nodes of one document into a new subpatch ``id``, with ports for the wires that cross its border.

        ``ids`` are several ids, or one.
        """
        places = [self._resolve_id(one) for one in ([ids] if isinstance(ids, str) else ids)]
        path = places[0][0] if places else ()
        if any(place[0] != path for place in places):
            raise PatchError("the nodes are in different subpatches. Choose nodes of one subpatch.")
        self._edit(path, Encapsulate(tuple(name for _, name in places), id))

    def dissolve(self, id: str) -> None:
        """Replace a subpatch by the nodes inside it."""
        path, name = self._resolve_id(id)
        self._edit(path, Dissolve(name))

    def _edit(self, path: Place, action: Action) -> None:
        """Apply an edit, made by one of the methods above, to the nested document at ``path``."""
        self.do(within(path, action))

    def _version_of(self, type: str) -> int:
        """Return the version of a type, stored with a new node; this layer is independent of blocks."""
        return 1

    def _resolve_id(self, text: str) -> tuple[Place, str]:
        """Return the path and id of a node; if it does not exist, those that it would have."""
        found = find_node(self._document, _text(text, "osc1"))
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
        """Return the path of a node, its id, and the port. Raises :class:`PatchError` if there is no such node."""
        text, port = parse_port_ref(_text(port_ref, "osc1.frequency"))
        path, node = locate(self._document, text)
        return path, node, port

    def _resolve_wire(self, source: str, target: str) -> tuple[Place, str, str]:
        """Return the path of a wire, and the port_refs of its source and target relative to that path."""
        places = []
        for port_ref in (source, target):
            node, dot, port = _text(port_ref, "osc1.out").partition(".")
            path, name = self._resolve_id(node)
            places.append((path, f"{name}{dot}{port}"))
        if places[0][0] != places[1][0]:
            raise PatchError(f"{source} and {target} are in different patches. Wire them through inlets and outlets.")
        return places[0][0], places[0][1], places[1][1]

    def __repr__(self) -> str:
        counts = f"{len(self._document.nodes)} nodes, {len(self._document.wires)} wires"
        return f"<Patch {self.path or self._document.title or 'untitled'}: {counts}>"

    def _set_document(self, change: Change, step: Step) -> None:
        self._document = change.after
        self._unreported.append((step, change))
        if self._is_reporting:
            return
        self._is_reporting = True
        failure: Exception | None = None
        while self._unreported:
            report = self._unreported.popleft()
            for listener in tuple(self._listeners):
                try:
                    listener(*report)
                except Exception as error:  # the other listeners must still receive the change
                    failure = failure or error
        self._is_reporting = False
        if failure is not None:
            raise failure


def _text(name: object, example: str) -> str:
    """Return a name that a script gives. Raises :class:`PatchError` if it is no text."""
    if not isinstance(name, str):
        raise PatchError(f"a name is text, such as '{example}', got {quote(name)}. Put it in quotes.")
    return name


def step_to_data(step: Step) -> dict[str, Any]:
    """Return a step as plain data for a log; :func:`step_from_data` is the inverse."""
    if isinstance(step, Action):
        return to_data(step)
    return {"do": "undo" if isinstance(step, Undo) else "redo"}


def step_from_data(data: Mapping[str, Any]) -> Step:
    """Return a step of a log: an action, see :func:`from_data`, or ``{"do": "undo"}``, ``{"do": "redo"}``."""
    if data.get("do") == "undo":
        return Undo()
    if data.get("do") == "redo":
        return Redo()
    return from_data(dict(data))
