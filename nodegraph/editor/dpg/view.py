"""The view in DearPyGui: the window with the canvas, menus, panels and dialogs. It displays visuals and sends events.

It is independent of patches. Only the thread of the main loop may call it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dearpygui.dearpygui as dpg

from ..canvas import geometry as geo
from ..canvas import typeface
from ..canvas.gestures import FieldRequest, Gestures, Modifiers
from ..canvas.minimap import Minimap
from ..canvas.scene import Scene, SceneSelection
from ..canvas.theme import THEMES, Theme
from ..events import (
    CloseRequested,
    Event,
    FilesDropped,
    Key,
    KeyReleased,
    MenuPicked,
    NodeAt,
    Over,
    PanelFocused,
    PathPicked,
    Pointer,
    PromptAnswered,
    Resized,
    SetValue,
)
from ..sound.readout import Readout
from ..view import (
    Camera,
    Drawing,
    FilePreview,
    Item,
    MasterVisual,
    MenuItem,
    NodeVisual,
    NoteVisual,
    PaletteVisual,
    PanelVisual,
    Pin,
    Point,
    Status,
    ValueVisual,
    WireKey,
    WireVisual,
)
from .canvas import DpgCanvas
from .canvas_text import CanvasText
from .fields import Fields, ValueField, screen_size
from .file_dialog import FileDialog
from .keyboard import COMMAND, CTRL, RELEASE, SHIFT, Keyboard, KeyInput
from .keys import NAMES, modifiers_down, name_of
from .menus import MenuBar, PopupMenu
from .overlay import Overlay
from .palette import DpgPalette
from .panels import DpgPanels
from .plot import Textures
from .probe import HoverReadout, ProbeWindow
from .status import HIGH, StatusLine
from .style import bare_theme, widget_theme
from .window import clipboard_text, on_drop

FONT = 15
MENU_HIGH = 25.0
TIP_DELAY = 0.7  # seconds until the tooltip of the item under the pointer is shown
QUIET = 60.0  # further seconds without a tip after a key, unless the pointer moves
SMOOTH_TIME = 0.5  # seconds after a step of a touchpad in which steps are of the same gesture
DOUBLE_TIME, DOUBLE_FRAMES = 0.35, 5  # largest interval of a double click, in seconds and in frames
CANVAS_FRAMES = 2  # frames until a panel that was raised gives the keys to the canvas
NEVER: tuple[int, Point, float, int] = (-1, (0.0, 0.0), -1e9, -1000)
BUTTONS = {0: "left", 1: "right", 2: "middle"}
CHOSEN = "choice:"
TYPED_KEYS = {"escape", "up", "down", "pageup", "pagedown", "enter", "tab", "shift+tab"}  # sent from text fields


class DpgView:
    """The DearPyGui view. ``show_window`` opens the window; without it everything works but nothing is displayed.

    ``poll`` returns the events since the last call; ``refresh`` redraws changes.
    """

    def __init__(self) -> None:
        dpg.create_context()
        dpg.configure_app(manual_callback_management=True)
        self.theme: Theme = THEMES["dark"]
        self.scale = 1.0
        self.running = True
        self.announce: Callable[[str], None] = lambda text: None  # gets what is chosen by keys in menus and lists
        self._events: list[Event] = []
        self._mouse: Point = (0.0, 0.0)
        self._moved_at = self._smooth_until = 0.0
        self._last_press = NEVER
        self.keyboard = Keyboard()
        self._was_typing = False  # a text field had the focus in the last frame
        self._give_keys_back = 0  # frames until the canvas gets the keys
        self._edited: tuple[str, str] | None = None  # the entry in which the cursor was placed
        self._keys_down: dict[int, str] = {}  # positions of held keys by their code
        self._tip_shown = False
        self._windowed = False
        self._title = "nodegraph"
        self._menus: tuple[MenuItem, ...] = ()
        self._path_names: tuple[str, ...] = ()
        self._path_window: int | str | None = None
        self._size: tuple[float, float] = (0.0, 0.0)
        self.scene, self.minimap, self.fields = Scene(), Minimap(), Fields()
        self._fonts()
        self.textures = Textures()
        self._build()
        self._bind_handlers()

    # -- building ------------------------------------------------------------------------------------------

    def _fonts(self) -> None:
        with dpg.font_registry() as self._registry:
            self.regular = dpg.add_font(str(typeface.REGULAR), FONT)
            self.medium = dpg.add_font(str(typeface.MEDIUM), FONT)
            self.mono = dpg.add_font(str(typeface.MONO), FONT - 1)
        dpg.bind_font(self.regular)

    def _build(self) -> None:
        self._widgets = widget_theme(self.theme)
        dpg.bind_theme(self._widgets)
        self._main = dpg.add_window(
            no_title_bar=True, no_move=True, no_resize=True, no_bring_to_front_on_focus=True, no_scrollbar=True,
            no_scroll_with_mouse=True, no_saved_settings=True,
        )  # fmt: skip
        self.canvas = DpgCanvas(self._main, self.scene, self.minimap, self.theme, self.textures)
        self.status = StatusLine(self._main, self.theme, self._events.append)
        dpg.bind_item_font(self._main, self.medium)
        self._bare = bare_theme(self.theme.canvas)
        dpg.bind_item_theme(self._main, self._bare)
        self.gestures = Gestures(self.scene, self.minimap, self._events.append, self._ask_field)
        self.gestures.redraw = self.canvas.overlay_changed
        self.canvas.gestures = self.gestures
        self.menu_bar = MenuBar(self._picked)
        self.popup = PopupMenu(self._picked, lambda text: self.announce(text))
        self.palette = DpgPalette(self.fields, self.theme, self._events.append)
        self.panels = DpgPanels(self.fields, self.theme, self.textures, self.mono, self._events.append)
        self.value_field = ValueField(self.fields)
        self.files = FileDialog(
            self.fields, self.theme, self.textures, self._events.append, lambda text: self.announce(text)
        )
        self.overlay = Overlay(self.theme)
        self.canvas_text = CanvasText(self.canvas.drawlist)
        self.hover = HoverReadout(self.theme, self.textures, self.scale)
        self.probes: dict[str, ProbeWindow] = {}
        self.probe_wires: dict[str, WireKey] = {}
        self.hover_wire: WireKey | None = None
        self._layout()

    def _bind_handlers(self) -> None:
        with dpg.handler_registry():
            dpg.add_mouse_down_handler(callback=lambda: None)  # prevents ImGui from skipping frames during a drag
            dpg.add_mouse_click_handler(callback=self._pressed)
            dpg.add_mouse_release_handler(callback=self._released)
            dpg.add_mouse_wheel_handler(callback=self._wheeled)
            dpg.add_mouse_move_handler(callback=self._moved)
            dpg.add_key_press_handler(callback=self._key)

    def show_window(self, width: int = 1280, height: int = 800) -> None:
        """Open the window."""
        dpg.create_viewport(title=self._title, width=width, height=height, x_pos=0, y_pos=0, disable_close=True)
        dpg.set_exit_callback(lambda: self._events.append(CloseRequested()))
        dpg.set_viewport_clear_color(list(self.theme.canvas))
        dpg.setup_dearpygui()
        dpg.show_viewport()
        self._windowed = True
        dpg.render_dearpygui_frame()
        self.keyboard.attach()
        on_drop(lambda paths: self._events.append(FilesDropped(paths, self._canvas_at(self._mouse))))
        self._layout()

    def wait(self, seconds: float) -> bool:
        """Wait until a key or a mouse button is used, at most this long, and return whether it was.

        Other threads run meanwhile.
        """
        if self.keyboard.attached:
            return self.keyboard.wait(seconds)
        time.sleep(max(seconds, 0.0))
        return False

    def close(self) -> None:
        """Destroy the window."""
        dpg.destroy_context()

    def _layout(self) -> None:
        """Fit the canvas and the status line to the window."""
        width, height = screen_size()
        if (width, height) == self._size:
            return
        self._size = (width, height)
        top, bottom = MENU_HIGH * self.scale, HIGH * self.scale
        dpg.configure_item(self._main, pos=(0, int(top)), width=int(width), height=int(height - top))
        inner = max(height - top - bottom, 50.0)
        self.canvas.resize(width, inner)
        self.status.resize(width)
        self._events.append(Resized(width / self.scale, inner / self.scale))

    # -- once per frame ------------------------------------------------------------------------------------

    def poll(self) -> list[Event]:
        """Return the events since the last call."""
        if self._windowed:
            self._run_callbacks()
            if not (self.fields.typing or self.fields.is_awaited or self._in_front):
                for key in self.keyboard.early():
                    self._pressed_key(key)
            for key in self.keyboard.ready():
                self._released_key(key) if key.action == RELEASE else self._pressed_key(key)
            for across, down, bits in self.keyboard.scrolled():
                self._scrolled(across, down, bits)
            if not dpg.is_dearpygui_running():
                self._events.append(CloseRequested())
        self._watch_keys()
        self._layout()
        self.value_field.update()
        self.panels.update()
        self.files.update()
        self._follow_field()
        events, self._events[:] = _latest(self._events), []
        return events

    def _follow_field(self) -> None:
        """Mark the entry that has the cursor; give the keys to the canvas when an entry has lost it.

        DearPyGui moves the cursor by Tab from entry to entry in the panel that was used last; keys would be used twice.
        """
        typing, panel = self.fields.typing, self.panels.focus[0]
        if typing:
            edited = self.panels.edited_item() if panel and not self._give_keys_back else None
            if edited is not None and edited != self.panels.focus:
                self._events.append(PanelFocused(*edited))
        elif self._was_typing:
            self._edited = None
            self._give_keys_back = CANVAS_FRAMES if panel else 0
        self._was_typing = typing
        if self._give_keys_back:
            self._give_keys_back -= 1
            if not (self._give_keys_back or self._in_front or self.panels.is_modal):
                dpg.focus_item(self._main)

    def _run_callbacks(self) -> None:
        for call, sender, data, user in dpg.get_callback_queue() or ():
            if call is None:
                continue
            argument_count = min(getattr(getattr(call, "__code__", None), "co_argcount", 3) - _bound(call), 3)
            call(*(sender, data, user)[: max(argument_count, 0)])

    def refresh(self) -> None:
        """Redraw changes."""
        self._show_tip()
        if self._in_front:
            self.hover.hide()
        self.canvas.refresh()
        self.status.refresh()
        self.canvas_text.refresh(self.scene.size, self.scale, self.theme)
        self.overlay.ring(self.popup.focus_box or self.panels.focus_box)
        self.overlay.refresh(self._mouse)

    @property
    def _in_front(self) -> bool:
        """Whether a menu, list, field or dialog is open: nothing else is shown at the pointer then."""
        return self.popup.is_open or self.palette.is_open or self.value_field.is_open or self.files.is_open

    def _show_tip(self) -> None:
        """Show the tooltip of the item under a pointer that has rested for TIP_DELAY, beside its block."""
        rested = time.monotonic() - self._moved_at > TIP_DELAY
        busy = self.gestures.active or self._in_front or self.hover_wire is not None or not self._windowed
        if not rested or busy or not self._on_canvas():
            self.overlay.tip("")
            self._tip_shown = False
        elif not self._tip_shown:
            over = self.scene.item_at(self._canvas_at(self._mouse))
            self.overlay.tip(self.scene.tip(over), self._window_box(over))
            self._tip_shown = True

    def _window_box(self, over: Over) -> geo.Box | None:
        """Return the box of the block of an item in window pixels, or None."""
        shown = self.scene.nodes.get(
            over.node if isinstance(over, Pin) else over.id if isinstance(over, NodeAt) else ""
        )
        if shown is None:
            return None
        (left, top), (right, bottom) = self.scene.to_screen(shown.box[:2]), self.scene.to_screen(shown.box[2:])
        above = MENU_HIGH * self.scale
        return left, top + above, right, bottom + above

    # -- user input ----------------------------------------------------------------------------------------

    def _canvas_at(self, mouse: Point) -> Point:
        return self.scene.to_canvas(self._inside(mouse))

    def _inside(self, mouse: Point) -> Point:
        """Convert a position in the window to one in the canvas, in pixels."""
        return (mouse[0], mouse[1] - MENU_HIGH * self.scale)

    def _on_canvas(self) -> bool:
        return bool(dpg.is_item_hovered(self.canvas.drawlist))

    def _modifiers(self, pressed: int | None = None) -> Modifiers:
        """Return the modifiers that are held, or those held when this mouse button was pressed."""
        if not self.keyboard.attached:
            ctrl, shift, _ = modifiers_down()
            return Modifiers(shift, ctrl)
        bits = self.keyboard.pressed_with.get(pressed, 0) if pressed is not None else self.keyboard.modifiers
        return Modifiers(bool(bits & SHIFT), bool(bits & (CTRL | COMMAND)))

    def _pressed(self, _sender: Any, button: int) -> None:
        if self.palette.is_open:
            inside = self.palette.inside(self._mouse)
            self.palette.press(self._mouse)
            if inside:
                return
        if button == 0 and not self.files.is_open and self.status.press(self._mouse):
            return
        name, double = BUTTONS.get(button), self._is_double(button)
        if name and self._on_canvas() and not self.files.is_open:
            self.gestures.press(name, self._inside(self._mouse), self._modifiers(button), double)

    def _is_double(self, button: int) -> bool:
        """Return whether a press is the second of a double click; the limit in frames allows for slow drawing."""
        last, now = self._last_press, (button, self._mouse, time.monotonic(), dpg.get_frame_count())
        near = abs(last[1][0] - now[1][0]) + abs(last[1][1] - now[1][1]) < 8.0
        double = last[0] == button and near and (now[2] - last[2] < DOUBLE_TIME or now[3] - last[3] <= DOUBLE_FRAMES)
        self._last_press = now if not double else NEVER
        return double

    def _released(self, _sender: Any, button: int) -> None:
        if self.palette.is_open:
            self.palette.release(self._mouse, self._canvas_at(self._mouse) if self._on_canvas() else None)
        if button == 0:
            self.status.release()
        if name := BUTTONS.get(button):
            self.gestures.release(name, self._inside(self._mouse), self._modifiers())

    def _moved(self, _sender: Any, where: Any) -> None:
        self._mouse = (float(where[0]), float(where[1]))
        self._moved_at = time.monotonic()
        self.status.drag(self._mouse)
        if self.gestures.active or self._on_canvas():
            self.gestures.move(self._inside(self._mouse), self._modifiers())
        else:
            self.gestures.leave()

    def _wheeled(self, _sender: Any, steps: float) -> None:
        if self.palette.is_open and self.palette.inside(self._mouse):
            self.palette.wheel(steps)
        elif self._on_canvas() and not self.keyboard.attached:
            self.gestures.wheel(steps, self._inside(self._mouse), 0.0, False, self._modifiers())

    def _scrolled(self, across: float, down: float, bits: int) -> None:
        """Handle a step of the wheel or a touchpad, which is known by fractions of steps and by steps across."""
        now = time.monotonic()
        if across or down % 1.0:
            self._smooth_until = now + SMOOTH_TIME
        is_over_palette = self.palette.is_open and self.palette.inside(self._mouse)
        if self._on_canvas() and not is_over_palette:
            held = Modifiers(bool(bits & SHIFT), bool(bits & (CTRL | COMMAND)))
            self.gestures.wheel(down, self._inside(self._mouse), across, now < self._smooth_until, held)

    def _key(self, _sender: Any, code: int) -> None:
        pressed, name = self.keyboard.pressed(code), name_of(code)
        if not self.keyboard.attached and name:  # on a platform where it cannot be attached
            position = NAMES[code]
            typed = " " if name == "space" else name if len(name) == 1 else ""
            pressed = KeyInput((name,), position if name == position else "", typed, code)
        if pressed is not None:
            self._pressed_key(pressed)

    def _released_key(self, key: KeyInput) -> None:
        if key.key in self._keys_down:
            self._events.append(KeyReleased(self._keys_down.pop(key.key)))

    def _pressed_key(self, pressed: KeyInput) -> None:
        self._moved_at = time.monotonic() + QUIET  # a tip disappears at a key
        name = pressed.names[0] if pressed.names else ""
        if not name or (name not in TYPED_KEYS and self.fields.capture_key(pressed.typed)):
            return
        if name == "escape":
            if self.value_field.is_open:
                return self.value_field.close(None)
            if self.files.is_open:
                return self.files.close(None)
            if self.gestures.active:
                return self.gestures.cancel()
            if self.popup.is_open:
                return self.popup.close()
        if self.popup.is_open and self.popup.key(name):
            return
        if self.files.is_open:
            return self.files.key(name)
        if self.value_field.is_open:
            return
        typing = self.fields.typing or (name == "enter" and self._was_typing)  # Enter ends the field first
        if typing and self.panels.focus[0] and name in ("tab", "shift+tab"):
            self._give_keys_back = CANVAS_FRAMES  # unless the next item is a field, too
        if not typing or name in TYPED_KEYS:
            self._events.append(Key(name, typing, pressed.names[1:], pressed.position))
            self._keys_down[pressed.key] = pressed.position

    def _watch_keys(self) -> None:
        """Release the keys when a field takes the focus; DearPyGui reports no releases at all."""
        typing = bool(self._keys_down) and self.fields.typing
        for code, position in list(self._keys_down.items()):
            if typing or not (self.keyboard.attached or dpg.is_key_down(code)):
                del self._keys_down[code]
                self._events.append(KeyReleased(position))

    def _picked(self, item: MenuItem) -> None:
        if item.command.startswith(CHOSEN):
            node, _, port = item.command.removeprefix(CHOSEN).rpartition(".")
            self._events.append(SetValue(node, port, item.argument))
        else:
            self._events.append(MenuPicked(item.command, item.argument))

    def _ask_field(self, asked: FieldRequest) -> None:
        """Open the list or the field of a row."""
        value = self.scene.value_of(asked.node, asked.port)
        shown = self.scene.nodes[asked.node]
        place = next((p for p in shown.shape.rows if p.row.port == asked.port), None)
        if value is None or place is None or place.value is None:
            return
        box = place.value
        x, y = self.scene.to_screen((shown.at[0] + box[0], shown.at[1] + box[1]))
        at = (x, y + MENU_HIGH * self.scale)

        def answer(text: Any) -> None:
            if text is not None:
                self._events.append(SetValue(asked.node, asked.port, text))

        if asked.kind == "choice":
            command = f"{CHOSEN}{asked.node}.{asked.port}"
            items = tuple(MenuItem(option, command, option, checked=option == value.text) for option in value.options)
            self.popup.show((at[0], at[1] + (box[3] - box[1]) * self.scene.zoom), "", items)
        elif asked.kind == "file":
            self.files.ask(f"{asked.node}: {asked.port}", Path.cwd(), "", False, "", answer)
        else:
            width = max((box[2] - box[0]) * self.scene.zoom, 160.0)
            self.value_field.ask((at[0] - 8, at[1] - 8), "", value.text, answer, width)

    # -- canvas --------------------------------------------------------------------------------------------

    def show_node(self, visual: NodeVisual) -> None:
        if visual.id in self.gestures.moving:  # it is being dragged
            shown = self.scene.nodes.get(visual.id)
            at = shown.at if shown else visual.at
            self.scene.show_node(visual)
            self.scene.place_node(visual.id, at)
        else:
            self.scene.show_node(visual)
        self.canvas.set_badge(visual.id, visual.badge)
        self.canvas.node_changed(visual.id)

    def hide_node(self, id: str) -> None:
        self.canvas.node_changed(id)
        self.scene.hide_node(id)

    def place_node(self, id: str, at: Point) -> None:
        if id in self.scene.nodes and id not in self.gestures.moving:
            self.scene.place_node(id, at)
            self.canvas.node_moved(id)

    def set_value(self, node: str, port: str, value: ValueVisual) -> None:
        if node in self.scene.nodes:
            self.scene.set_value(node, port, value)
            self.canvas.set_value(node, port, value)

    def set_badge(self, node: str, reason: str) -> None:
        self.canvas.set_badge(node, reason)

    def set_load(self, node: str, text: str) -> None:
        self.canvas.set_load(node, text)

    def show_wire(self, visual: WireVisual) -> None:
        self.scene.show_wire(visual)
        self.canvas.wire_changed(visual.key)

    def hide_wire(self, key: WireKey) -> None:
        self.scene.hide_wire(key)
        self.canvas.wire_changed(key)

    def show_note(self, visual: NoteVisual) -> None:
        self.scene.show_note(visual)
        self.canvas.note_changed(visual.id)

    def hide_note(self, id: str) -> None:
        self.scene.hide_note(id)
        self.canvas.note_changed(id)

    def set_selection(
        self, nodes: frozenset[str], wires: frozenset[WireKey], notes: frozenset[str], focus: Pin | None = None
    ) -> None:
        before = self.scene.selection.wires
        self.scene.selection = SceneSelection(nodes, wires, notes, focus)
        self.canvas.selection_changed(before)
        self.canvas.camera_changed()

    def set_camera(self, camera: Camera) -> None:
        self.scene.camera = camera
        self.canvas.camera_changed()

    def set_minimap(self, shown: bool) -> None:
        self.minimap.shown = shown
        self.canvas.overlay_changed()

    def set_canvas_text(self, text: str) -> None:
        self.canvas_text.text = text

    def show_hint(self, text: str, refused: bool = False) -> None:
        self.overlay.hint(text, refused)

    def mark_pins(self, fit: frozenset[Pin] | None) -> None:
        self.canvas.mark_pins(fit)

    def show_hover(self, wire: WireKey | None) -> None:
        self.hover_wire = wire
        self.canvas.hover(wire)
        if wire is None:
            self.hover.hide()

    def show_probe(self, key: str, wire: WireKey, title: str) -> None:
        self.hide_probe(key)
        at = (self._mouse[0] + 20, self._mouse[1] + 20)
        self.probes[key] = ProbeWindow(key, title, at, self.theme, self.textures, self.scale, self._events.append)
        self.probe_wires[key] = wire

    def hide_probe(self, key: str) -> None:
        probe = self.probes.pop(key, None)
        self.probe_wires.pop(key, None)
        if probe is not None:
            probe.close()

    # -- readouts ------------------------------------------------------------------------------------------

    def read_hover(self, readout: Readout) -> None:
        """Show the readout of the wire under the pointer."""
        if self.hover_wire is not None:
            self.hover.show(readout, self._mouse)

    def read_probe(self, key: str, readout: Readout) -> None:
        """Update a pinned probe."""
        if key in self.probes:
            self.probes[key].show(readout)

    def read_display(self, node: str, drawing: Drawing) -> None:
        """Update the drawing inside a node."""
        items = self.canvas.nodes.get(node)
        if items is not None and items.plot is not None:
            items.plot.show(drawing)

    @property
    def displays(self) -> dict[str, str]:
        """Return the visible nodes that contain a drawing, with its kind."""
        left, top, right, bottom = self.scene.seen
        return {
            id: items.shown.visual.display
            for id, items in self.canvas.nodes.items()
            if items.plot is not None and left < items.shown.box[2] and items.shown.box[0] < right
            and top < items.shown.box[3] and items.shown.box[1] < bottom
        }  # fmt: skip

    # -- around the canvas ---------------------------------------------------------------------------------

    def set_title(self, text: str) -> None:
        self._title = text
        if self._windowed:
            dpg.set_viewport_title(text)

    def set_menus(self, menus: tuple[MenuItem, ...]) -> None:
        self._menus = menus
        self.menu_bar.show(menus)

    def set_status(self, status: Status) -> None:
        self.status.show(status)

    def set_master(self, master: MasterVisual) -> None:
        self.status.show_master(master)

    def set_path(self, names: tuple[str, ...]) -> None:
        if self._path_window is not None:
            dpg.delete_item(self._path_window)
            self._path_window = None
        self._path_names = names
        if len(names) < 2:
            return
        with dpg.window(
            no_title_bar=True, no_move=True, no_resize=True, autosize=True, no_scrollbar=True, no_saved_settings=True,
            pos=(10, int(MENU_HIGH * self.scale) + 8), no_focus_on_appearing=True,
        ) as self._path_window, dpg.group(horizontal=True):  # fmt: skip
            for i, name in enumerate(names):
                if i:
                    dpg.add_text("›")
                dpg.add_button(
                    label=typeface.supported_text(name) or "patch", enabled=i < len(names) - 1, user_data=i,
                    callback=lambda _s, _a, index: self._events.append(PathPicked(index)),
                )  # fmt: skip

    def set_look(self, theme: str, scale: float) -> None:
        chosen = THEMES.get(theme, THEMES["dark"])
        if chosen is self.theme and scale == self.scale:
            return
        self.theme, self.scale = chosen, scale
        old = (self._widgets, self._bare)
        self._widgets, self._bare = widget_theme(chosen), bare_theme(chosen.canvas)
        dpg.bind_theme(self._widgets)
        dpg.bind_item_theme(self._main, self._bare)
        for tag in old:
            dpg.delete_item(tag)
        dpg.set_global_font_scale(scale)
        for part in (self.canvas, self.status, self.palette, self.panels, self.files, self.overlay):
            part.theme = chosen
        for sized in (self.status, self.palette, self.panels, self.files, self.overlay):
            sized.scale = scale
        self.scene.scale = scale
        self.hover.remove()
        self.hover = HoverReadout(chosen, self.textures, scale)
        if self._windowed:
            dpg.set_viewport_clear_color(list(chosen.canvas))
        self.canvas.redraw()
        self._size = (0.0, 0.0)

    def notify(self, text: str, alarm: bool = False) -> None:
        self.overlay.notify(text, alarm)

    def show_menu(self, title: str, items: tuple[MenuItem, ...]) -> None:
        self.popup.show(self._mouse, title, items)

    def show_palette(self, visual: PaletteVisual) -> None:
        self.palette.show(visual, self._mouse)

    def hide_palette(self) -> None:
        self.palette.hide()

    def show_panel(self, visual: PanelVisual) -> None:
        self.panels.show(visual)

    def set_item(self, panel: str, item: Item) -> None:
        self.panels.set_item(panel, item)

    def hide_panel(self, key: str) -> None:
        self.panels.hide(key)

    def show_file_preview(self, preview: FilePreview) -> None:
        self.files.show_preview(preview)

    def set_panel_focus(self, panel: str, item: str) -> None:
        self.panels.set_focus(panel, item)
        if (panel, item) != self._edited:
            self._give_keys_back = CANVAS_FRAMES

    def edit_item(self, panel: str, item: str) -> None:
        self.panels.edit(panel, item)
        self._edited, self._give_keys_back = (panel, item), 0

    def draw(self, panel: str, item: str, drawing: Drawing) -> None:
        self.panels.draw(panel, item, drawing)

    def ask_value(self, key: str, label: str, text: str) -> None:
        self.value_field.ask(self._mouse, label, text, lambda answer: self._events.append(PromptAnswered(key, answer)))

    def ask_file(
        self, key: str, title: str, folder: Path, ending: str = "", save: bool = False, name: str = ""
    ) -> None:
        self.files.ask(title, folder, ending, save, name, lambda path: self._events.append(PromptAnswered(key, path)))

    # -- window system -------------------------------------------------------------------------------------

    def clipboard(self) -> str:
        return clipboard_text() if self._windowed else self._clipping

    def set_clipboard(self, text: str) -> None:
        self._clipping = text
        if self._windowed:
            dpg.set_clipboard_text(text)

    _clipping = ""

    def quit(self) -> None:
        self.running = False


def _bound(call: Any) -> int:
    return 1 if getattr(call, "__self__", None) is not None else 0


def _latest(events: list[Event]) -> list[Event]:
    """Drop all but the last of consecutive pointer moves."""
    return [
        event
        for event, after in zip(events, [*events[1:], None])
        if not (isinstance(event, Pointer) and isinstance(after, Pointer))
    ]
