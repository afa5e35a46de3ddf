"""The presenter: passes events to the commands and sends the results to the view.

One thread calls :meth:`Presenter.handle` for every event of the view and :meth:`Presenter.tick` once per frame.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path

from nodegraph.files.folders import user_folder
from nodegraph.graph import Graph
from nodegraph.patch import Document, Patch, PatchError

from .autosave import Autosave
from .canvas import arrangement
from .canvas import camera as canvas
from .command import COMMANDS, HANDLERS, by_key, load_commands
from .commands.controls import show_first
from .commands.piano import play_key
from .commands.retrospective import retrospective
from .commands.trust import report_untrusted
from .desk import Desk
from .events import (
    BoxSelect,
    CameraMoved,
    Click,
    Event,
    Key,
    KeyReleased,
    MenuPicked,
    NodesMoved,
    PanelClosed,
    PanelEvent,
    PanelMenu,
    Pointer,
    Slide,
    VolumeDragged,
    WireDrag,
)
from .external import external_control
from .jobs import Jobs
from .menus import menu_bar
from .palettes import palette_key
from .panel_focus import ARROWS, PanelFocus, focus_panel, followed_focus, panel_key
from .preferences import Preferences
from .recent import read_recent
from .reload import BlockReloader
from .screen import ViewUpdater
from .sound.monitor import SoundMonitor
from .sound.protocol import SoundEngine
from .view import View

LOG = "errors.log"
FREQUENT = Pointer | Slide | CameraMoved | KeyReleased | VolumeDragged  # events that change no menu
FIRST_STEPS = "double-click or N: add a block  ·  Ctrl+O: open  ·  F1: help"  # on an empty canvas
PANEL_PERIOD, MENU_PERIOD = 1.0 / 15.0, 0.25


class Presenter:
    """The editor without its window. ``home`` is the folder for preferences, recovery copies and logs."""

    def __init__(
        self,
        view: View,
        sound: SoundEngine,
        patch: Patch | None = None,
        home: Path | None = None,
        allow_outside: bool = False,
        graph: Graph | None = None,
    ) -> None:
        load_commands()
        self.home = home or _home()
        preferences = Preferences.load(self.home)
        self.desk = Desk(view, sound, self.home, patch or Patch(), preferences, Jobs(), allow_outside=allow_outside)
        self.desk.minimap = preferences.minimap
        self.screen = ViewUpdater(view)
        self.keys = by_key()
        self.strict = False  # True in tests: exceptions are raised
        self._last_fault = ""
        self._shown: Document | None = None
        self._document: Document | None = None
        self._level: tuple[str, ...] = ()
        self._patch: Patch | None = None
        self._types: object = None
        self._faults: object = None
        self.monitor = SoundMonitor()
        self.reloading = BlockReloader()
        self.autosaving = Autosave(self.home)
        self._panel_time = self._menu_time = -1e9
        read_recent(self.desk)
        view.set_look(preferences.theme, preferences.scale)
        view.set_minimap(self.desk.minimap)
        self.desk.open_patch(self.desk.patch, graph)
        self.refresh()
        self.screen.menus(menu_bar(self.desk))
        report_untrusted(self.desk)
        self.autosaving.offer_recovery(self.desk)

    # -- events ------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Handle an event of the view."""
        self._guard(lambda: self._handle(event))

    def _guard(self, work: Callable[[], None]) -> None:
        """Call ``work``; log and report an exception instead of ending the session."""
        if self.strict:
            work()
            return
        try:
            work()
        except Exception:
            self._fault(traceback.format_exc())

    def _fault(self, trace: str) -> None:
        log = self.home / LOG
        last = trace.strip().splitlines()[-1]
        if last == self._last_fault:
            return
        self._last_fault = last
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            with log.open("a") as file:
                file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}\n{trace}\n")
        except OSError:
            pass
        self.desk.notify(f"Internal error: {last}. See {log}.", alarm=True)

    def _handle(self, event: Event) -> None:
        desk = self.desk
        if isinstance(event, Click | BoxSelect | WireDrag | NodesMoved):
            desk.drop_state(PanelFocus)
        if isinstance(event, Key):
            self._key(event)
        elif isinstance(event, MenuPicked):
            self.run(event.command, event.argument)
        elif isinstance(event, PanelEvent):
            if event.panel in desk.panels:
                desk.panels[event.panel].react(desk, event)
        elif isinstance(event, PanelMenu):
            if event.panel in desk.panels:
                desk.panels[event.panel].menu(desk, event.item)
        elif isinstance(event, PanelClosed):
            desk.close_panel(event.panel)
        else:
            handle = HANDLERS.get(type(event))
            if handle is not None:
                handle(desk, event)
        self.refresh()
        if not isinstance(event, FREQUENT):
            self.screen.menus(menu_bar(desk))

    def run(self, name: str, argument: object = None) -> None:
        """Run a command by name, if it is available."""
        command = COMMANDS[name]
        if argument is not None or command.possible is None or command.possible(self.desk):
            command.run(self.desk, argument)

    def _key(self, event: Key) -> None:
        desk = self.desk
        if desk.palette is not None and palette_key(desk, event.name):
            return
        if panel_key(desk, event.name, event.typing) or "question" in desk.panels:
            return
        if event.typing and event.name != "escape":
            return
        if event.name in ("tab", *ARROWS) and _is_empty(desk.document) and desk.panels:
            focus_panel(desk, next(reversed(desk.panels)))
            return
        if play_key(desk, event.name if event.position is None else event.position):
            return
        command = next((self.keys[name] for name in (event.name, *event.also) if name in self.keys), None)
        if command is not None:
            self.run(command.name)

    # -- frames ------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Update live values, panels, jobs and reloaded files. ``now`` in seconds."""
        self._guard(lambda: self._tick(now))

    def _tick(self, now: float) -> None:
        desk = self.desk
        desk.jobs.collect_finished()
        self.monitor.tick(desk, self.screen, now)
        self.reloading.tick(desk, now)
        self.autosaving.tick(desk, now)
        retrospective(desk).tick(desk)
        external_control(desk).tick(desk, now)
        if now - self._panel_time >= PANEL_PERIOD:
            self._panel_time = now
            for panel in list(desk.panels.values()):
                panel.tick(desk, now)
        self.refresh()
        if now - self._menu_time >= MENU_PERIOD:
            self._menu_time = now
            self.screen.menus(menu_bar(desk))

    def close(self) -> None:
        """Stop everything in order, without prompting the user."""
        for key in list(self.desk.panels):
            self.desk.close_panel(key)
        external_control(self.desk).close()
        self.desk.jobs.stop()
        if self.desk.patch.saved or not self.desk.running:
            self.autosaving.discard()
        else:  # the window was closed by the system
            self.autosaving.save_now(self.desk)
        self.desk.sound.close()

    # -- showing -----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Send all changes since the last call to the view."""
        desk = self.desk
        self._follow_level()
        document = desk.patch.document
        shown = desk.document
        if desk.patch is not self._patch:
            self._patch, self._document = desk.patch, None
            desk.camera_is_due = True
            show_first(desk)
        edited = document is not self._document
        if edited:
            self._document = document
        if desk.faults is not self._faults:
            self._faults, self._types = desk.faults, None
        if shown is not self._shown or desk.typed is not self._types or desk.subpatch_path != self._level:
            self._draw(shown)
        if desk.camera_is_due:
            desk.camera_is_due = False
            canvas.fit_camera(desk)
        if edited:
            desk.drop_probes()
            for panel in list(desk.panels.values()):
                panel.changed(desk)
        desk.tidy_selection()
        focus = followed_focus(desk)
        self.screen.focus_panel(focus.panel, focus.name)
        chosen = desk.selection
        self.screen.mark(chosen.nodes, chosen.wires, chosen.notes, chosen.focus)
        self.screen.set_camera(desk.camera)
        self.screen.canvas_text(FIRST_STEPS if _is_empty(shown) else "")
        self.screen.title(_title(desk))
        self.screen.path((_name(desk), *desk.subpatch_path))

    def _draw(self, shown: Document) -> None:
        desk = self.desk
        same_level = desk.subpatch_path == self._level
        before = self._shown if same_level and desk.typed is self._types else None
        desk.visuals = arrangement.node_visuals(desk, shown, before)
        wires = arrangement.wire_visuals(desk, shown)
        if not same_level:
            self.screen.show({}, {}, {})
        self.screen.show(desk.visuals, wires, arrangement.note_visuals(shown))
        self._shown, self._types, self._level = shown, desk.typed, desk.subpatch_path

    def _follow_level(self) -> None:
        """Close displayed subpatches that were deleted."""
        desk = self.desk
        while desk.subpatch_path:
            try:
                desk.patch.document.nested(desk.subpatch_path)
                return
            except PatchError:  # the subpatch was removed or undone
                desk.subpatch_path = desk.subpatch_path[:-1]
                desk.select()


def _is_empty(document: Document) -> bool:
    return not (document.nodes or document.notes or document.areas)


def _title(desk: Desk) -> str:
    return f"{'● ' if not desk.patch.saved else ''}{_name(desk)} – nodegraph"


def _name(desk: Desk) -> str:
    path = desk.patch.path
    return desk.patch.document.title or (path.stem if path else "untitled")


def _home() -> Path:
    return user_folder("state")
