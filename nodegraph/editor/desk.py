"""The desk: all that is open on it. The commands work on a desk; it holds no widget and draws nothing.

There is one patch session; what is shown is the document at ``level`` in it (a subpatch, or the patch itself).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from nodegraph.graph import Graph
from nodegraph.graph.ports import PatchLocation, every_node, spec_of
from nodegraph.node import Spec
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
    """What is selected; ``focus`` is the pin or row that the keyboard is on."""

    nodes: frozenset[str] = frozenset()
    wires: frozenset[WireKey] = frozenset()
    notes: frozenset[str] = frozenset()
    focus: Pin | None = None

    def __bool__(self) -> bool:
        return bool(self.nodes or self.wires or self.notes)


@dataclass
class OpenPalette:
    """The open palette: what it offers now, and what happens with what is chosen."""

    visual: PaletteVisual
    search: Callable[[str], PaletteVisual]
    choose: Callable[[str, Point | None], object]


class Panel:
    """A small window beside the canvas: its look, and what its items do. One panel per ``key`` is open at most."""

    key = "panel"
    of_patch = False  # closed when another patch is opened

    def visual(self, desk: Desk) -> PanelVisual:
        """How it looks now."""
        raise NotImplementedError

    def react(self, desk: Desk, event: PanelEvent) -> None:
        """One of its items was used."""

    def tick(self, desk: Desk, now: float) -> None:
        """Called about fifteen times a second while it is open."""

    def changed(self, desk: Desk) -> None:
        """The document was edited."""

    def closed(self, desk: Desk) -> None:
        """It was closed."""


class State:
    """Base of what a feature of the editor remembers between events: a class that can be made without arguments."""

    lasting: ClassVar[bool] = False  # kept when another patch is opened


@dataclass
class Desk:
    """Everything that is open. ``home`` is the folder of the editor's own files."""

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
    sound_state: SoundState = field(default_factory=SoundState)  # as it was asked last
    faults: dict[Place, str] = field(default_factory=dict)  # why nodes are silent, by path
    states: dict[type[State], State] = field(default_factory=dict)  # see ``state``

    def state(self, cls: type[S]) -> S:
        """What a feature remembers; made when it is first asked for."""
        if cls not in self.states:
            self.states[cls] = cls()
        found = self.states[cls]
        assert isinstance(found, cls)
        return found

    def forget(self, cls: type[State]) -> None:
        """Forget what a feature remembers."""
        self.states.pop(cls, None)

    # -- the patch -------------------------------------------------------------------------------------------

    @property
    def document(self) -> Document:
        """The document that is shown."""
        return self.patch.document.nested(self.subpatch_path)

    def do(self, *actions: Action) -> bool:
        """Carry out actions on the shown document as one step; says why not where they do not fit."""
        if not actions:
            return False
        action = actions[0] if len(actions) == 1 else Group(tuple(actions))  # type: ignore[arg-type]
        return self.do_in(self.subpatch_path, action)

    def do_in(self, level: tuple[str, ...], action: Action) -> bool:
        """Carry out an action on the document at ``level``."""
        return self.run_edit(lambda: self.patch.do(within(level, action)))

    def run_edit(self, edit: Callable[[], object]) -> bool:
        """Do something that may fail with one sentence for the user."""
        try:
            edit()
        except PatchError as error:
            self.notify(str(error), alarm=True)
            return False
        return True

    def open_patch(self, patch: Patch, graph: Graph | None = None) -> None:
        """Another patch takes the place of the one before; ``graph`` is its graph, if it is typed already."""
        self.patch, self.subpatch_path, self.selection = patch, (), Selection()
        self.visuals, self.cameras, self.probes = {}, {}, {}
        self.camera = Camera()
        self.states = {cls: state for cls, state in self.states.items() if cls.lasting}
        if self.following is not None:
            self.following.close()
        self.following = Following(patch, self.sound, self.allow_outside, graph)

    @property
    def typed(self) -> TypedDocument:
        """What the graph knows of the patch."""
        return self.following.typed if self.following is not None else TypedDocument()

    def refresh_blocks(self) -> None:
        """Blocks have another equation: the sound and the faces begin anew with it."""
        self.update_graph()
        self.visuals = {}

    def refresh_sound_state(self) -> SoundState:
        """Ask how the sound stands."""
        self.sound_state = self.sound.state()
        graph = self.typed.graph
        if graph is not None and graph.rate != self.sound.rate:
            self.update_graph()  # another device
        return self.sound_state

    def update_graph(self) -> None:
        """Find out again what the graph says of the patch."""
        if self.following is not None:
            self.following.retype()

    @property
    def folder(self) -> Path:
        """Where file dialogs begin: beside the patch, or where the last one was."""
        if self.patch.path is not None:
            return self.patch.path.parent
        return Path(self.preferences.folder) if self.preferences.folder else Path.cwd()

    def reference(self, path: Path) -> str:
        """A file as the patch refers to it: relative to its folder where it lies in there."""
        if not path.is_absolute():
            return path.as_posix()
        folder = self.patch.path.parent.resolve() if self.patch.path else Path.cwd()
        try:
            return path.resolve().relative_to(folder).as_posix()
        except ValueError:
            return str(path)

    # -- its nodes -------------------------------------------------------------------------------------------

    def record(self, id: str) -> NodeRecord | None:
        """A node of the shown document."""
        return self.document.nodes.get(id)

    def spec(self, id: str) -> Spec:
        """Ports and settings of a node of the shown document; none of a node that is gone."""
        record = self.document.nodes.get(id)
        return self.spec_of(record) if record else Spec()

    def spec_of(self, record: NodeRecord) -> Spec:
        """Ports and settings of a node of this patch."""
        return spec_of(record, PatchLocation(self.patch.path, self.allow_outside))

    @property
    def types(self) -> set[str]:
        """The types of all blocks of the patch, including those in subpatches."""
        home = PatchLocation(self.patch.path, self.allow_outside)
        return {record.type for _, record in every_node(self.patch.document, home)}

    @property
    def wiring(self) -> WiringContext:
        """The shown document, for questions about wires."""
        return WiringContext(self.patch.document, self.subpatch_path, self.patch.path, self.allow_outside)

    def flat_id(self, id: str) -> str:
        """What the graph calls a node ("voice/osc"), or an output ("voice/osc.out"), of the shown document."""
        node, dot, port = id.partition(".")
        node = "/".join((*self.subpatch_path, node))
        return ".".join(self.typed.flat_output(node, port)) if dot else node

    def position_of(self, id: str) -> Point:
        """Where a node is, or is shown when the document does not say."""
        found = self.document.layout.get(id)
        if found is not None:
            return found
        visual = self.visuals.get(id)
        return visual.at if visual else (0.0, 0.0)

    def select(self, nodes: Any = (), wires: Any = (), notes: Any = (), focus: Pin | None = None) -> None:
        """Select these and nothing else."""
        self.selection = Selection(frozenset(nodes), frozenset(wires), frozenset(notes), focus)

    def tidy_selection(self) -> None:
        """Forget what is selected and no longer there."""
        document, chosen = self.document, self.selection
        nodes = frozenset(id for id in chosen.nodes if id in document.nodes)
        wires = chosen.wires and chosen.wires & {(wire.source_ref, wire.target_ref) for wire in document.wires}
        notes = frozenset(id for id in chosen.notes if has_note(document, id))
        focus = chosen.focus if chosen.focus and chosen.focus.node in document.nodes else None
        if (nodes, wires, notes, focus) != (chosen.nodes, chosen.wires, chosen.notes, chosen.focus):
            self.selection = Selection(nodes, wires, notes, focus)

    def drop_probes(self) -> None:
        """Close the probes of wires that are gone."""
        for name, (level, key) in list(self.probes.items()):
            try:
                wires = self.patch.document.nested(level).wires
            except PatchError:  # the subpatch is gone
                wires = ()
            if not any((wire.source_ref, wire.target_ref) == key for wire in wires):
                del self.probes[name]
                self.view.hide_probe(name)
        if isinstance(self.hovered, tuple) and not any(
            (w.source_ref, w.target_ref) == self.hovered for w in self.document.wires
        ):
            self.hovered = None
            self.view.show_hover(None)

    # -- talking with the user -------------------------------------------------------------------------------

    def notify(self, text: str, alarm: bool = False) -> None:
        """A message that goes by itself, on one line."""
        self.view.notify(" ".join(text.split()), alarm)

    def ask(self, key: str, label: str, text: str, on_done: Callable[[str], object]) -> None:
        """Ask for a line of text; ``on_done`` hears what was typed, nothing if it was given up."""
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
        """Ask for a file; ``on_done`` hears its path, nothing if it was given up."""
        self.pending_prompts[key] = on_done
        self.view.ask_file(key, title, self.folder, ending, save, name)

    def menu(self, title: str, items: list[MenuItem]) -> None:
        """A menu at the pointer."""
        self.view.show_menu(title, tuple(items))

    def open_panel(self, panel: Panel) -> None:
        """Show a panel, or show it anew."""
        self.panels[panel.key] = panel
        self.view.show_panel(panel.visual(self))

    def close_panel(self, key: str) -> None:
        """Close a panel, if it is open."""
        panel = self.panels.pop(key, None)
        if panel is not None:
            self.view.hide_panel(key)
            panel.closed(self)

    def close_palette(self) -> None:
        if self.palette is not None:
            self.palette = None
            self.view.hide_palette()

    def set_preferences(self, **changes: Any) -> None:
        """Change preferences and keep them."""
        self.preferences = replace(self.preferences, **changes)
        self.preferences.save(self.home)


def has_note(document: Document, key: str) -> bool:
    """Is there a comment ``id``, or an area ``area.id``?"""
    if key.startswith(AREA):
        return key.removeprefix(AREA) in document.areas
    return key in document.notes


AREA = "area."
"""What the keys of areas begin with where comments and areas are shown together; a name holds no dot."""
