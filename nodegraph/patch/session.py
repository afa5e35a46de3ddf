"""The session: one patch being edited, with its history, its file and those who listen."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

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
    node_and_port,
    to_data,
    within,
)
from .document import Document, find_node, locate
from .document import Path as Place
from .errors import PatchError
from .files import read_patch, write_patch
from .history import History, Redo, Undo
from .migrations import migrate_nodes
from .names import free_id

Step = Action | Undo | Redo
Listener = Callable[[Step, Document, Document], object]


class Patch:
    """A patch being edited. ::

        patch = Patch()
        osc = patch.add("sine", frequency=220.0)
        out = patch.add("audio_out")
        patch.connect(f"{osc}.out", f"{out}.audio")
        patch.save("beep.json")

    All edits go through :meth:`do`, can be undone, and reach the listeners. A document is immutable,
    so :attr:`document` may be handed to another thread; the session itself belongs to one thread.
    """

    def __init__(self, document: Document | None = None, path: str | os.PathLike[str] | None = None) -> None:
        self.path: Path | None = Path(path) if path is not None else None
        self._document = document if document is not None else Document()
        self._kept: Document | None = self._document
        self._history = History()
        self._downgrade = False
        self._listeners: list[Listener] = []
        self._news: deque[tuple[Step, Document, Document]] = deque()
        self._telling = False

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Patch:
        """The patch in the file at ``path``, its nodes at the latest versions known by now.

        Raises :class:`PatchError`, one line, when there is no patch to be read.
        """
        document = read_patch(path)
        if document.newer:  # whose nodes are newer still, and which saves back unchanged only if untouched
            return cls(document, path)
        try:
            return cls(migrate_nodes(document), path)
        except PatchError as error:
            raise PatchError(f"{path}: {error}") from None

    def save(self, path: str | os.PathLike[str] | None = None, downgrade: bool = False) -> None:
        """Save to ``path``, from then on the patch's own; without one, to the file it has.

        The old file stays whole if this fails with :class:`PatchError`. ``downgrade=True`` allows, from
        then on, to save edits of a patch of a newer format in ours, at the risk of what we do not know.
        """
        target = Path(path) if path is not None else self.path
        if target is None:
            raise PatchError("this patch has no file yet. Give save() a path.")
        write_patch(self._document, target, downgrade or self._downgrade)
        self._downgrade |= downgrade
        self.path = target
        self.mark_saved()

    @staticmethod
    def version_of(type: str) -> int:
        """The version at which a new node of ``type`` is written: whoever knows the blocks replaces this."""
        return 1

    @property
    def document(self) -> Document:
        """The patch as it stands."""
        return self._document

    @property
    def saved(self) -> bool:
        """Is the document the one last loaded or saved? Undoing back to it counts."""
        return self._document is self._kept

    def mark_saved(self) -> None:
        """Take the document as it stands for saved."""
        self._kept = self._document

    def mark_unsaved(self) -> None:
        """Take no document for saved until the next saving: what is open is a copy that was recovered."""
        self._kept = None

    @property
    def can_undo(self) -> bool:
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        return self._history.can_redo

    def do(self, action: Step | Mapping[str, Any]) -> None:
        """Carry out an action, or one from a log as plain data; :class:`Undo` and :class:`Redo` too.

        Raises :class:`PatchError`, the patch unchanged, when it does not fit.
        """
        if isinstance(action, Mapping):
            action = step_from_data(action)
        if isinstance(action, Undo):
            return self.undo()
        if isinstance(action, Redo):
            return self.redo()
        after = action.apply(self._document)
        if after is not self._document:
            self._history.done(action, self._document)
            self._become(after, action)

    def undo(self) -> None:
        """Take the latest step back. Raises :class:`PatchError` when there is none."""
        if not self.can_undo:
            raise PatchError("there is nothing to undo.")
        self._become(self._history.undo(self._document), Undo())

    def redo(self) -> None:
        """Take the latest undone step again. Raises :class:`PatchError` when there is none."""
        if not self.can_redo:
            raise PatchError("there is nothing to redo.")
        self._become(self._history.redo(self._document), Redo())

    def subscribe(self, callback: Listener) -> Callable[[], None]:
        """Call ``callback(action, before, after)`` after every step; returns what ends that.

        A callback may edit in turn: everybody hears of all steps in the order they were taken.
        """
        self._listeners.append(callback)

        def unsubscribe() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return unsubscribe

    def add(self, type: str, id: str | None = None, **params: Any) -> str:
        """Add a node and return its id, by default the first free one such as ``sine1``.

        As for all edits here an id such as ``"voice/sine1"`` means a node inside the subpatch ``voice``.
        """
        path, name = self._place(free_id(type, self._document.nodes) if id is None else id)
        self.do(within(path, AddNode(name, type, self.version_of(type), params)))
        return "/".join((*path, name))

    def connect(self, source: str, target: str, feedback: bool = False) -> None:
        """Draw a wire, ``connect("osc1.out", "lp1.audio")``; ``feedback`` for the one that closes a loop."""
        path, source, target = self._wire(source, target)
        self.do(within(path, Connect(source, target, feedback)))

    def disconnect(self, source: str, target: str) -> None:
        """Remove the wire from ``source`` to ``target``."""
        path, source, target = self._wire(source, target)
        self.do(within(path, Disconnect(source, target)))

    def set(self, end: str, value: Any, merge: bool = False) -> None:
        """Set a parameter: ``set("osc1.frequency", 220.0)``, inside a subpatch ``set("voice/osc1.frequency", 220.0)``.

        ``value`` is a number, a list with one number a lane, or what the setting takes. While a slider
        is dragged, ``merge=True`` from its second move on makes the drag one undo step.
        """
        path, node, port = self._end(end)
        self.do(within(path, SetParam(node, port, value, merge)))

    def clear(self, end: str) -> None:
        """Set a parameter back to its default."""
        path, node, port = self._end(end)
        self.do(within(path, ClearParam(node, port)))

    def remove(self, id: str) -> None:
        """Remove a node with its wires."""
        path, name = self._place(id)
        self.do(within(path, RemoveNode(name)))

    def rename(self, id: str, new: str) -> None:
        """Give a node another id, ``new`` without its path."""
        path, name = self._place(id)
        self.do(within(path, Rename(name, new)))

    def move(self, id: str, x: float, y: float) -> None:
        """Place a node (pixels at zoom 1)."""
        path, name = self._place(id)
        self.do(within(path, Move(name, x, y)))

    def encapsulate(self, ids: Iterable[str], id: str) -> None:
        """Put nodes of one patch into a new subpatch ``id``; signals that cross get ports."""
        places = [self._place(one) for one in ids]
        path = places[0][0] if places else ()
        if any(place[0] != path for place in places):
            raise PatchError("the nodes lie in different subpatches. Choose nodes of one.")
        self.do(within(path, Encapsulate(tuple(name for _, name in places), id)))

    def dissolve(self, id: str) -> None:
        """Put the nodes of a subpatch in its place."""
        path, name = self._place(id)
        self.do(within(path, Dissolve(name)))

    def _place(self, text: str) -> tuple[Place, str]:
        """Path and id of a node; of one that is not there those that it would have."""
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
            document, rest = document.inside((id,)), rest[len(id) + 1 :]
        return tuple(path), rest

    def _end(self, end: str) -> tuple[Place, str, str]:
        """The path of a node that may lie in a subpatch, its id there, and the port."""
        text, port = node_and_port(end)
        path, node = locate(self._document, text)
        return path, node, port

    def _wire(self, source: str, target: str) -> tuple[Place, str, str]:
        """The path of a wire, and its ends there."""
        places = []
        for end in (source, target):
            node, dot, port = end.partition(".")
            path, name = self._place(node)
            places.append((path, f"{name}{dot}{port}"))
        if places[0][0] != places[1][0]:
            raise PatchError(f"{source} and {target} lie in different patches. Wire them through inlets and outlets.")
        return places[0][0], places[0][1], places[1][1]

    def __repr__(self) -> str:
        counts = f"{len(self._document.nodes)} nodes, {len(self._document.wires)} wires"
        return f"<Patch {self.path or self._document.title or 'untitled'}: {counts}>"

    def _become(self, after: Document, action: Step) -> None:
        before, self._document = self._document, after
        self._news.append((action, before, after))
        if self._telling:
            return
        self._telling = True
        failure: Exception | None = None
        while self._news:
            news = self._news.popleft()
            for listener in tuple(self._listeners):
                try:
                    listener(*news)
                except Exception as error:  # one listener must not leave the others behind the document
                    failure = failure or error
        self._telling = False
        if failure is not None:
            raise failure


def step_to_data(step: Step) -> dict[str, Any]:
    """A step as plain data for a log; :func:`step_from_data` reads it back."""
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
