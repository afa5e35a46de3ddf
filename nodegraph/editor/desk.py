"""The desk: the state of the editor, which the commands change. It holds no widgets and draws nothing.

One patch is open; the document at ``subpatch_path`` in it is shown (a subpatch, or the patch itself).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from nodegraph.blocks.registry import node_types
from nodegraph.graph import Graph
from nodegraph.graph.ports import PatchLocation, every_node, spec_of
from nodegraph.node import Node, Spec
from nodegraph.patch import Action, Document, Group, NodeRecord, Patch, PatchError, within
from nodegraph.patch.document import Path as Place

from .events import PanelEvent
from .following import Following
from .jobs import Jobs
from .preferences import Preferences
from .sound.protocol import SoundEngine, SoundState
from .typed import TypedDocument
from .view import Camera, MenuItem, NodeVisual, PaletteVisual, PanelVisual, Pin, Point, View, WireKey
from .wiring import WiringContext

S = TypeVar("S", bound="State")


@dataclass(frozen=True)
class Selection:
    """The selected nodes, wires and comments; ``focus`` is the pin or row with keyboard focus."""

    nodes: frozenset[str] = frozenset()
    wires: frozenset[WireKey] = frozenset()
    notes: frozenset[str] = frozenset()
    focus: Pin | None = None

    def __bool__(self) -> bool:
        return bool(self.nodes or self.wires or self.notes)


@dataclass
class OpenPalette:
    """The open palette: its entries, its search function, and the function called with the chosen entry."""

    visual: PaletteVisual
    search: Callable[[str], PaletteVisual]
    choose: Callable[[str, Point | None], object]


class Panel:
    """A small window beside the canvas. At most one panel per ``key`` is open."""

    key = "panel"
    is_per_patch = False  # True: closed when another patch is opened

    def visual(self, desk: Desk) -> PanelVisual:
        """Return the visual of the panel."""
        raise NotImplementedError

    def react(self, desk: Desk, event: PanelEvent) -> None:
        """Handle an event of one of its items."""

    def menu(self, desk: Desk, item: str) -> None:
        """Open the menu of a slider or fader."""

    def tick(self, desk: Desk, now: float) -> None:
        """Update the panel; called about 15 times per second while it is open."""

    def changed(self, desk: Desk) -> None:
        """Update the panel after an edit of the document."""

    def drop(self, desk: Desk, paths: tuple[Path, ...]) -> bool:
        """Use files that were dropped on the window; return whether the panel takes them."""
        return False

    def closed(self, desk: Desk) -> None:
        """Clean up after the panel was closed."""

    def refresh(self, desk: Desk) -> None:
        """Show the panel as it is now, if it is open."""
        if desk.panels.get(self.key) is self:
            desk.view.show_panel(self.visual(desk))


class State:
    """Base class for the state of an editor feature between events; subclasses need no arguments."""

    is_per_patch: ClassVar[bool] = True  # False: kept when another patch is opened


@dataclass
class Desk:
    """The editor's state. ``home`` is the folder for preferences, recovery copies and logs."""

    view: View
    sound: SoundEngine
    home: Path
    patch: Patch
    preferences: Preferences
    jobs: Jobs
    subpatch_path: tuple[str, ...] = ()
    following: Following | None = None
    selection: Selection = Selection()
    camera: Camera = field(default_factory=Camera)
    fitted: Camera | None = None  # the camera that was chosen when the patch was opened; the user may have moved since
    camera_is_due: bool = False  # another patch or subpatch is shown
    canvas: Point = (1280.0, 720.0)
    pointer: Point = (0.0, 0.0)
    hovered: Any = None
    visuals: dict[str, NodeVisual] = field(default_factory=dict)
    palette: OpenPalette | None = None
    panels: dict[str, Panel] = field(default_factory=dict)
    pending_prompts: dict[str, Callable[[Any], object]] = field(default_factory=dict)
    probes: dict[str, tuple[tuple[str, ...], WireKey]] = field(default_factory=dict)
    cameras: dict[tuple[str, ...], Camera] = field(default_factory=dict)
    minimap: bool = True
    allow_outside: bool = False
    running: bool = True
    sound_state: SoundState = field(default_factory=SoundState)  # the last state read from the engine
    faults: dict[Place, str] = field(default_factory=dict)  # problems of muted nodes, by path
    states: dict[type[State], State] = field(default_factory=dict)

    def state(self, cls: type[S]) -> S:
        """Return the state of a feature, creating it on first use."""
        if cls not in self.states:
            self.states[cls] = cls()
        found = self.states[cls]
        assert isinstance(found, cls)
        return found

    def drop_state(self, cls: type[State]) -> None:
        """Delete the state of a feature."""
        self.states.pop(cls, None)

    # -- the patch -------------------------------------------------------------------------------------------

    @property
    def document(self) -> Document:
        """The displayed document."""
        return self.patch.document.nested(self.subpatch_path)

    def do(self, *actions: Action) -> bool:
        """Apply actions to the displayed document as one undo step; notify the user and return False if that fails."""
        if not actions:
            return False
        action = actions[0] if len(actions) == 1 else Group(tuple(actions))  # type: ignore[arg-type]
        return self.do_in(self.subpatch_path, action)

    def do_in(self, level: tuple[str, ...], action: Action) -> bool:
        """Apply an action to the document at ``level``; notify the user and return False if that fails."""
        return self.run_edit(lambda: self.patch.do(within(level, action)))

    def run_edit(self, edit: Callable[[], object]) -> bool:
        """Call ``edit``; if it raises PatchError, show the message and return False."""
        try:
            edit()
        except PatchError as error:
            self.notify(str(error), alarm=True)
            return False
        return True

    def open_patch(self, patch: Patch, graph: Graph | None = None) -> None:
        """Replace the open patch; ``graph`` is its typed graph, if known."""
        for name in self.probes:
            self.view.hide_probe(name)
        self.patch, self.subpatch_path, self.selection = patch, (), Selection()
        self.visuals, self.cameras, self.probes = {}, {}, {}
        self.camera = Camera()
        self.states = {cls: state for cls, state in self.states.items() if not cls.is_per_patch}
        if self.following is not None:
            self.following.close()
        self.following = Following(patch, self.sound, self.allow_outside, graph)

    @property
    def typed(self) -> TypedDocument:
        """The typed document of the patch."""
        return self.following.typed if self.following is not None else TypedDocument()

    def refresh_blocks(self) -> None:
        """Rebuild the graph and all node visuals after a block was reloaded."""
        self.update_graph()
        self.visuals = {}

    def refresh_sound_state(self) -> SoundState:
        """Read the state of the engine; rebuild the graph if the sample rate changed."""
        self.sound_state = self.sound.state()
        graph = self.typed.graph
        if graph is not None and graph.rate != self.sound.rate:
            self.update_graph()
        return self.sound_state

    def update_graph(self) -> None:
        """Rebuild the typed graph of the patch."""
        if self.following is not None:
            self.following.retype()

    @property
    def folder(self) -> Path:
        """Initial folder of file dialogs: that of the patch, else the last one used."""
        if self.patch.path is not None:
            return self.patch.path.parent
        return Path(self.preferences.folder) if self.preferences.folder else Path.cwd()

    def reference(self, path: Path) -> str:
        """Return the text by which the patch refers to a file: a relative path if the file is in the patch's folder.

        A relative ``path`` is already one from the patch's folder.
        """
        if not path.is_absolute():
            return path.as_posix()
        folder = self.patch.path.parent.resolve() if self.patch.path else Path.cwd()
        try:
            return path.resolve().relative_to(folder).as_posix()
        except ValueError:
            return str(path)

    # -- its nodes -------------------------------------------------------------------------------------------

    def record(self, id: str) -> NodeRecord | None:
        """Return the record of a node of the displayed document, or None."""
        return self.document.nodes.get(id)

    def spec(self, id: str) -> Spec:
        """Return the Spec of a node of the displayed document; an empty one for an unknown node."""
        record = self.document.nodes.get(id)
        return self.spec_of(record) if record else Spec()

    def spec_of(self, record: NodeRecord) -> Spec:
        """Return the Spec of a node record of this patch."""
        return spec_of(record, PatchLocation(self.patch.path, self.allow_outside))

    def block(self, id: str) -> type[Node] | None:
        """Return the class of a node of the displayed document, or None."""
        record = self.document.nodes.get(id)
        return node_types().get(record.type) if record else None

    def settings(self, id: str) -> dict[str, Any]:
        """Return the settings of a node of the displayed document, with their defaults."""
        record = self.document.nodes[id]
        return {name: record.params.get(name, one.default) for name, one in self.spec_of(record).settings.items()}

    @property
    def types(self) -> set[str]:
        """The types of all nodes of the patch, including those in subpatches."""
        home = PatchLocation(self.patch.path, self.allow_outside)
        return {record.type for _, record in every_node(self.patch.document, home)}

    @property
    def wiring(self) -> WiringContext:
        """The displayed document as a context for checking wires."""
        return WiringContext(self.patch.document, self.subpatch_path, self.patch.path, self.allow_outside)

    def flat_id(self, id: str) -> str:
        """Return the flat id of a node ("voice/osc") or of an output ("voice/osc.out") of the displayed document."""
        node, dot, port = id.partition(".")
        node = "/".join((*self.subpatch_path, node))
        return ".".join(self.typed.flat_output(node, port)) if dot else node

    def position_of(self, id: str) -> Point:
        """Return the position of a node in the document, else on the canvas."""
        found = self.document.layout.get(id)
        if found is not None:
            return found
        visual = self.visuals.get(id)
        return visual.at if visual else (0.0, 0.0)

    def select(self, nodes: Any = (), wires: Any = (), notes: Any = (), focus: Pin | None = None) -> None:
        """Replace the selection."""
        self.selection = Selection(frozenset(nodes), frozenset(wires), frozenset(notes), focus)

    def tidy_selection(self) -> None:
        """Remove deleted items from the selection."""
        document, chosen = self.document, self.selection
        nodes = frozenset(id for id in chosen.nodes if id in document.nodes)
        wires = chosen.wires and chosen.wires & {(wire.source_ref, wire.target_ref) for wire in document.wires}
        notes = frozenset(id for id in chosen.notes if has_note(document, id))
        focus = chosen.focus if chosen.focus and chosen.focus.node in document.nodes else None
        if (nodes, wires, notes, focus) != (chosen.nodes, chosen.wires, chosen.notes, chosen.focus):
            self.selection = Selection(nodes, wires, notes, focus)

    def drop_probes(self) -> None:
        """Close the probes of deleted wires."""
        for name, (level, key) in list(self.probes.items()):
            try:
                wires = self.patch.document.nested(level).wires
            except PatchError:  # the subpatch was deleted
                wires = ()
            if not any((wire.source_ref, wire.target_ref) == key for wire in wires):
                del self.probes[name]
                self.view.hide_probe(name)
        if isinstance(self.hovered, tuple) and not any(
            (w.source_ref, w.target_ref) == self.hovered for w in self.document.wires
        ):
            self.hovered = None
            self.view.show_hover(None)

    # -- dialogs and messages --------------------------------------------------------------------------------

    def notify(self, text: str, alarm: bool = False) -> None:
        """Show a message on one line; it disappears after a few seconds."""
        self.view.notify(" ".join(text.split()), alarm)

    def ask(self, key: str, label: str, text: str, on_done: Callable[[str], object]) -> None:
        """Prompt for a line of text. ``on_done`` receives it; it is not called if the prompt is cancelled."""
        self.pending_prompts[key] = on_done
        self.view.ask_value(key, label, text)

    def ask_file(
        self,
        key: str,
        title: str,
        on_done: Callable[[Path], object],
        ending: str = "",
        save: bool = False,
        name: str = "",
    ) -> None:
        """Show a file dialog. ``on_done`` receives the path; it is not called if the dialog is cancelled."""
        self.pending_prompts[key] = on_done
        self.view.ask_file(key, title, self.folder, ending, save, name)

    def menu(self, title: str, items: list[MenuItem]) -> None:
        """Show a menu at the pointer."""
        self.view.show_menu(title, tuple(items))

    def open_panel(self, panel: Panel) -> None:
        """Open a panel, or replace the open one with the same key."""
        self.panels[panel.key] = panel
        self.view.show_panel(panel.visual(self))

    def close_panel(self, key: str) -> None:
        """Close a panel if it is open."""
        panel = self.panels.pop(key, None)
        if panel is not None:
            self.view.hide_panel(key)
            panel.closed(self)

    def close_palette(self) -> None:
        if self.palette is not None:
            self.palette = None
            self.view.hide_palette()

    def set_preferences(self, **changes: Any) -> None:
        """Change preferences and save them."""
        self.preferences = replace(self.preferences, **changes)
        self.preferences.save(self.home)


def has_note(document: Document, key: str) -> bool:
    """Return whether the comment ``id`` or the area ``area.id`` exists."""
    if key.startswith(AREA):
        return key.removeprefix(AREA) in document.areas
    return key in document.notes


AREA = "area."
"""Prefix of area keys among the keys of comments; it is unambiguous because ids contain no dot."""
