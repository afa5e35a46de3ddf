"""A robot user of the editor: mouse and keyboard events (xdotool) on a real window under Xvfb.

The window runs in the test process, so tests can read patch, view and sound.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import dearpygui.dearpygui as dpg

from nodegraph.editor.app import App
from nodegraph.editor.dpg.view import MENU_HIGH
from nodegraph.editor.view import Pin

SIZE = (1024, 700)
ARTEFACTS = Path(__file__).parent / "artefacts"


class Xvfb:
    """A virtual X server."""

    def __init__(self, size: tuple[int, int] = SIZE, options: tuple[str, ...] = ()) -> None:
        reader, writer = os.pipe()
        command = [
            "Xvfb",
            "-displayfd",
            str(writer),
            "-screen",
            "0",
            f"{size[0]}x{size[1]}x24",
            "-nolisten",
            "tcp",
            "-noreset",  # without it the server refuses connections for a moment when its last client leaves
            *options,
        ]
        self._process = subprocess.Popen(
            command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(writer)
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError("Xvfb does not start")
        self.display = f":{number}"

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


class Robot:
    """Sends mouse and keyboard events. Positions are canvas points unless a method takes window pixels."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.desk = app.presenter.desk
        self.view = app.view
        self.effort = {"clicks": 0, "keys": 0}  # of the user since the counts were set to 0

    @property
    def patch(self):
        return self.desk.patch

    @property
    def document(self):
        return self.desk.patch.document

    # -- time ----------------------------------------------------------------------------------------------

    def frames(self, count: int = 3) -> None:
        for _ in range(count):
            self.app.frame()
            dpg.render_dearpygui_frame()

    def until(self, condition: Callable[[], object], seconds: float = 40.0) -> bool:
        """Run frames until the condition holds; return whether it does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.frames(1)
            if condition():
                return True
        return False

    # -- mouse and keys ------------------------------------------------------------------------------------

    def do(self, *words: object) -> None:
        done = subprocess.run(["xdotool", *map(str, words)], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, f"xdotool {words}: {done.stderr}"

    def pixel(self, at: tuple[float, float]) -> tuple[int, int]:
        """Convert a canvas point to window pixels."""
        x, y = self.view.scene.to_screen(at)
        return round(x), round(y + MENU_HIGH * self.view.scale)

    def pin(self, end: str, output: bool = True) -> tuple[float, float]:
        node, _, port = end.rpartition(".")
        place = self.view.scene.pin_at(Pin(node, port, output))
        assert place is not None, f"{end} is not displayed"
        return place

    def title(self, node: str) -> tuple[float, float]:
        shown = self.view.scene.nodes[node]
        return shown.at[0] + 60.0, shown.at[1] + 12.0

    def row(self, node: str, port: str, part: float = 0.5) -> tuple[float, float]:
        """Return a point on the value of a row, at ``part`` 0…1 of its width."""
        shown = self.view.scene.nodes[node]
        box = next(place.value for place in shown.shape.rows if place.row.port == port and place.value)
        return shown.at[0] + box[0] + part * (box[2] - box[0]), shown.at[1] + (box[1] + box[3]) / 2

    def point(self, at: tuple[float, float]) -> None:
        self.do("mousemove", *self.pixel(at))
        self.frames(2)

    def click(self, at: tuple[float, float], button: int = 1, times: int = 1) -> None:
        self.point(at)
        self.click_here(button, times)

    def click_here(self, button: int = 1, times: int = 1) -> None:
        self.effort["clicks"] += times
        for _ in range(times):
            self.do("mousedown", button)
            self.frames(2)
            self.do("mouseup", button)
            self.frames(2)
        self.frames(2)

    def click_pixel(self, x: float, y: float, button: int = 1) -> None:
        """Click at window pixels, for menus and panels."""
        self.do("mousemove", round(x), round(y))
        self.frames(3)
        self.click_here(button)

    def click_item(self, panel: str, item: str) -> None:
        """Click the widget of an item of a panel."""
        left, top, right, bottom = self.item_box(panel, item)
        self.click_pixel(left + min(right - left, 60) / 2, (top + bottom) / 2)

    def item_box(self, panel: str, item: str) -> tuple[float, float, float, float]:
        """Return the box of an item of a panel in window pixels."""
        widget = self.view.panels.widget(panel, item)
        (left, top), (width, height) = dpg.get_item_rect_min(widget), dpg.get_item_rect_size(widget)
        return left, top, left + width, top + height

    def click_card(self, panel: str, item: str, index: int) -> None:
        """Click a card of a panel, by its place."""
        _, cards = next(one.value for one in self.view.panels.visual(panel).items if one.key == item)
        self.click_item(panel, f"{item}:{cards[index].key}")

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: int = 1, steps: int = 4) -> None:
        """Press, move in several steps, release."""
        self.effort["clicks"] += 1
        self.point(start)
        self.do("mousedown", button)
        self.frames(2)
        (ax, ay), (bx, by) = self.pixel(start), self.pixel(end)
        for i in range(1, steps + 1):
            self.do("mousemove", round(ax + (bx - ax) * i / steps), round(ay + (by - ay) * i / steps))
            self.frames(2)
        self.do("mouseup", button)
        self.frames(4)

    def wheel(self, at: tuple[float, float], steps: int) -> None:
        self.point(at)
        for _ in range(abs(steps)):
            self.do("click", 4 if steps > 0 else 5)
            self.frames(2)

    def key(self, *names: str) -> None:
        self.effort["keys"] += len(names)
        for name in names:
            self.do("key", name)
            self.frames(3)

    def type(self, text: str) -> None:
        self.effort["keys"] += len(text)
        self.do("type", "--delay", 30, "--", text)
        self.frames(6)

    def press_close_button(self) -> None:
        """Send the close message of a window manager; Xvfb runs without one."""
        found = subprocess.run(["xdotool", "search", "--name", "nodegraph"], capture_output=True, text=True)
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XInternAtom.restype = ctypes.c_ulong
        x11.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        x11.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
        x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
        display = x11.XOpenDisplay(None)
        protocols, delete = (x11.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
        for window in map(int, found.stdout.split()):
            # XClientMessageEvent: type, serial, send_event, display, window, message type, format, five longs
            event = (ctypes.c_long * 24)(33, 0, 0, 0, window, protocols, 32, delete)
            x11.XSendEvent(display, window, 0, 0, ctypes.byref(event))
        x11.XCloseDisplay(display)

    def look_away(self, back: bool = False) -> None:
        """Remove the keyboard focus from the window, or restore it."""
        found = subprocess.run(["xdotool", "search", "--name", "nodegraph"], capture_output=True, text=True)
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XSetInputFocus.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_ulong]
        x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
        display = x11.XOpenDisplay(None)
        no_window = 0  # None in the X protocol
        x11.XSetInputFocus(display, int(found.stdout.split()[-1]) if back else no_window, 0, 0)
        x11.XCloseDisplay(display)

    # -- dialogs -------------------------------------------------------------------------------------------

    def save_as(self, path: Path) -> None:
        """Type the name of a file into the dialog that opens for saving."""
        assert self.until(lambda: self.view.files.is_open)
        self.frames(6)
        self.key("ctrl+a")
        self.type(str(path))
        self.key("Return")
        assert self.until(path.is_file), "the patch was not saved"

    def open(self, name: str) -> None:
        """Open a patch by Ctrl+O and the name of its file."""
        self.key("ctrl+o")
        assert self.until(lambda: self.view.files.is_open)
        self.frames(6)
        self.view.files._fields.focus(self.view.files._name)
        self.frames(4)
        self.type(name)
        self.key("Return")
        assert self.until(lambda: self.document.nodes), "the patch was not opened"

    # -- actions on the canvas -----------------------------------------------------------------------------

    def add(self, query: str, at: tuple[float, float]) -> str:
        """Add a block with the palette (``n``, a query, Enter) and return its id."""
        before = set(self.document.nodes)
        self.point(at)
        self.key("n")
        assert self.until(lambda: self.view.palette.is_open and self.view.fields.typing)
        self.type(query)
        self.key("Return")
        assert self.until(lambda: set(self.document.nodes) - before), f"no block was added for {query}"
        self.frames(3)
        return (set(self.document.nodes) - before).pop()

    def wire(self, start: str, end: str) -> None:
        self.drag(self.pin(start), self.pin(end, False), steps=6)

    def clear(self) -> None:
        """Open an empty patch at zoom 1 and close all windows and panels."""
        from nodegraph.patch import Patch

        view = self.view
        view.gestures.cancel()
        view.files.close(None)
        view.value_field.close(None)
        view.popup.close()
        for key in list(self.desk.panels):
            self.desk.close_panel(key)
        self.key("Escape", "Escape")
        if self.desk.sound.state().paused:
            self.desk.sound.resume()
        self.desk.open_patch(Patch())
        self.app.presenter.refresh()
        self.frames(3)

    def screenshot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        dpg.output_frame_buffer(str(path))
        self.frames(5)
