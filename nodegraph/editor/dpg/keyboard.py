"""Key presses as the window system reports them: the letter printed on the key, its position, the modifiers held.

DearPyGui reports a key by a code, in the order in which its text fields get the letters, but at the next frame and
without symbols and modifiers. This module asks the window library (GLFW) inside DearPyGui for these, from the drawing
thread, and :meth:`Keyboard.pressed` assigns them to the reported keys. It also reports the modifiers of mouse buttons,
and steps of the wheel in both directions.
"""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass, field, replace
from typing import Any

import dearpygui.dearpygui as dpg

from .keys import NAMES as CODE_NAMES
from .window import window_library

RELEASE, PRESS = 0, 1  # actions of GLFW; 2 is a repeat
HANDLED = -1  # a press that was used before DearPyGui reported it
SHIFT, CTRL, ALT, COMMAND = 1, 2, 4, 8  # bits of its modifiers
UNKNOWN = -1
SPACE, LAST_PRINTABLE = 32, 162
NAMES: dict[int, str] = {
    32: "space", 256: "escape", 257: "enter", 258: "tab", 259: "backspace", 260: "insert", 261: "delete",
    262: "right", 263: "left", 264: "down", 265: "up", 266: "pageup", 267: "pagedown", 268: "home", 269: "end",
    **{289 + n: f"f{n}" for n in range(1, 13)}, **{320 + n: str(n) for n in range(10)},
    348: "menu", 330: ".", 331: "/", 332: "*", 333: "-", 334: "+", 335: "enter", 336: "=",
}  # fmt: skip
MODIFIERS = range(340, 348)
KEYPAD = {
    **{320 + n: getattr(dpg, f"mvKey_NumPad{n}") for n in range(10)}, 330: dpg.mvKey_Decimal, 331: dpg.mvKey_Divide,
    332: dpg.mvKey_Multiply, 333: dpg.mvKey_Subtract, 334: dpg.mvKey_Add, 335: dpg.mvKey_NumPadEnter, 336: 0,
}  # fmt: skip
CODES = {name: code for code, name in reversed(CODE_NAMES.items()) if code not in KEYPAD.values()}
PATIENCE = 60  # frames until a key is used that DearPyGui has not reported

KeyFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int] * 4)
LetterFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
ScrollFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_double, ctypes.c_double)
ButtonFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int] * 3)


@dataclass(frozen=True)
class KeyInput:
    """A key that was pressed, repeated or released (``action``).

    ``names`` are its names as in :class:`~..events.Key`, the one that it most likely stands for first. ``position`` is
    the letter at its position on a US keyboard, "" with a modifier. ``typed`` is the character that it types, or "".
    ``code`` is DearPyGui's, 0 if it has none; ``key`` identifies the key; ``frame`` is the time.
    """

    names: tuple[str, ...]
    position: str = ""
    typed: str = ""
    key: int = 0
    code: int = 0
    action: int = PRESS
    frame: int = 0


@dataclass
class Keyboard:
    """The keys of a window that DearPyGui has not reported yet, and the modifiers; see :meth:`attach`."""

    attached: bool = False
    modifiers: int = 0  # bits held at the last key or mouse event
    pressed_with: dict[int, int] = field(default_factory=dict)  # bits held when a mouse button was pressed
    _waiting: list[KeyInput] = field(default_factory=list)
    _scrolled: list[tuple[float, float, int]] = field(default_factory=list)
    _callbacks: list[object] = field(default_factory=list)  # references, which must outlive the window
    _glfw: Any = None
    _frame: int = 0
    _is_pressed: bool = False  # a key or button was pressed or released during a wait

    def attach(self) -> None:
        """Report the keys of the window from now on, if the platform supports it."""
        glfw = self._glfw = window_library()
        window = glfw.glfwGetCurrentContext() if glfw else None
        if not window:
            return
        glfw.glfwGetKeyName.restype = ctypes.c_char_p

        def install(name: str, kind: Any, report: Any, chained: bool = True) -> None:
            setter = getattr(glfw, name)
            setter.argtypes, setter.restype = [ctypes.c_void_p, ctypes.c_void_p], ctypes.c_void_p
            before: list[Any] = []
            callback = kind(lambda *event: report(before[0] if before else None, *event))
            old = setter(window, ctypes.cast(callback, ctypes.c_void_p))
            if old and chained:
                before.append(kind(old))
            self._callbacks += [callback, before]

        install("glfwSetKeyCallback", KeyFunction, self._key)
        install("glfwSetCharModsCallback", LetterFunction, self._letter)
        install("glfwSetMouseButtonCallback", ButtonFunction, self._button)
        install("glfwSetScrollCallback", ScrollFunction, self._scroll)
        self.attached = True

    def pressed(self, code: int) -> KeyInput | None:
        """Return the key that DearPyGui reports by ``code``; None if it repeats the key by itself."""
        for i, one in enumerate(self._waiting):
            if one.code == code and one.action in (PRESS, HANDLED):
                del self._waiting[i]
                return one if one.action == PRESS else None
        return None

    def early(self) -> list[KeyInput]:
        """Return pressed keys that type nothing, before DearPyGui reports them, unless another key comes first.

        Only valid while no text field has or waits for the focus.
        """
        found = []
        for i, one in enumerate(self._waiting):
            if one.action == PRESS:
                if one.typed or not one.code:
                    break
                found.append(one)
                self._waiting[i] = replace(one, action=HANDLED)
        return found

    def ready(self) -> list[KeyInput]:
        """Return released and repeated keys, and keys that DearPyGui does not report; called once per frame."""
        self._frame += 1
        found = []
        while self._waiting:
            first = self._waiting[0]
            if first.action in (PRESS, HANDLED) and first.code and self._frame - first.frame < PATIENCE:
                break
            del self._waiting[0]
            found += [first] if first.action != HANDLED else []
        return found

    def wait(self, seconds: float) -> bool:
        """Wait for a key or a mouse button, at most this long; return whether there was one.

        The library calls back meanwhile.
        """
        end = time.monotonic() + seconds
        self._is_pressed = False
        self._glfw.glfwPollEvents()
        while not self._is_pressed and (rest := end - time.monotonic()) > 0.0:
            self._glfw.glfwWaitEventsTimeout(ctypes.c_double(rest))
        return self._is_pressed

    # -- what the window library reports ---------------------------------------------------------------------

    def _key(self, before: Any, window: int, key: int, scancode: int, action: int, bits: int) -> None:
        self.modifiers, self._is_pressed = bits, True
        if before is not None:
            before(window, key, scancode, action, bits)
        if key not in MODIFIERS:
            printed = self._printed(key, scancode)
            position = "" if bits & ~SHIFT else position_of(key)
            names, code = key_names(key, printed, bits), key_code(key, printed)
            self._waiting.append(KeyInput(names, position, "", scancode, code, action, self._frame))

    def _letter(self, before: Any, window: int, letter: int, bits: int) -> None:
        if before is not None:
            before(window, letter, bits)
        if self._waiting and self._waiting[-1].action != RELEASE:  # it follows the key that types it
            self._waiting[-1] = with_letter(self._waiting[-1], chr(letter), bits)

    def _button(self, before: Any, window: int, button: int, action: int, bits: int) -> None:
        self.modifiers, self._is_pressed = bits, True
        if action == PRESS:
            self.pressed_with[button] = bits
        if before is not None:
            before(window, button, action, bits)

    def _scroll(self, before: Any, window: int, across: float, down: float) -> None:
        self._scrolled.append((across, down, self.modifiers))
        if before is not None:
            before(window, across, down)

    def scrolled(self) -> list[tuple[float, float, int]]:
        """Return the steps across and down since the last call, each with the modifiers held."""
        found, self._scrolled = self._scrolled, []
        return found

    def _printed(self, key: int, scancode: int) -> str:
        """Return the character on a key in the current layout, "" for a key without one."""
        if key == SPACE or key > LAST_PRINTABLE:
            return ""
        name = self._glfw.glfwGetKeyName(UNKNOWN, scancode)
        return (name or b"").decode("utf-8", "replace").lower()


def position_of(key: int) -> str:
    """Return the name of a key by its position on a US keyboard, "" for an unknown key."""
    if key in NAMES:
        return NAMES[key]
    return chr(key).lower() if SPACE < key < 127 else ""


def key_code(key: int, printed: str) -> int:
    """Return DearPyGui's code of a key, which follows the layout for letters and digits; 0 if it has none."""
    if key in KEYPAD:
        return KEYPAD[key]
    return CODES.get(printed) or CODES.get(position_of(key), 0)


def key_names(key: int, printed: str, bits: int) -> tuple[str, ...]:
    """Return the names of a key with its modifiers: the printed one; for other scripts also that of its position."""
    found = [printed] if printed else []
    position = position_of(key)
    if position and not (printed and printed.isascii()):  # "я" is on the key of Z, "à" on that of 0
        found.append(position)
    return tuple(prefix(bits) + name for name in dict.fromkeys(found))


def with_letter(pressed: KeyInput, letter: str, bits: int) -> KeyInput:
    """Add the character that a key types: a symbol, such as ``{``, is its first name, without Shift."""
    typed = "" if bits & (CTRL | COMMAND | ALT) else letter
    if letter.isalpha() or letter.isspace():
        return replace(pressed, typed=typed)
    return replace(pressed, typed=typed, names=(prefix(bits & ~SHIFT) + letter, *pressed.names))


def prefix(bits: int) -> str:
    """Return modifiers as the beginning of a key name: ``"ctrl+shift+"``."""
    return "ctrl+" * bool(bits & (CTRL | COMMAND)) + "shift+" * bool(bits & SHIFT) + "alt+" * bool(bits & ALT)
