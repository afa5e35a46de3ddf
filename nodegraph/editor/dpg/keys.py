"""Key names as used in events."""

from __future__ import annotations

import string

import dearpygui.dearpygui as dpg

NAMES: dict[int, str] = {
    **{getattr(dpg, f"mvKey_{letter}"): letter.lower() for letter in string.ascii_uppercase},
    **{getattr(dpg, f"mvKey_{digit}"): digit for digit in string.digits},
    **{getattr(dpg, f"mvKey_NumPad{digit}"): digit for digit in string.digits},
    **{getattr(dpg, f"mvKey_F{n}"): f"f{n}" for n in range(1, 13)},
    dpg.mvKey_Delete: "delete",
    dpg.mvKey_Back: "backspace",
    dpg.mvKey_Escape: "escape",
    dpg.mvKey_Return: "enter",
    dpg.mvKey_NumPadEnter: "enter",
    dpg.mvKey_Spacebar: "space",
    dpg.mvKey_Tab: "tab",
    dpg.mvKey_Left: "left",
    dpg.mvKey_Right: "right",
    dpg.mvKey_Up: "up",
    dpg.mvKey_Down: "down",
    dpg.mvKey_Home: "home",
    dpg.mvKey_End: "end",
    517: "pageup",  # DearPyGui's constants for these two keys are outdated
    518: "pagedown",
    dpg.mvKey_Minus: "-",
    dpg.mvKey_Subtract: "-",
    596: "'",
    601: ";",
    604: "\\",
    606: "`",
    602: "=",
    dpg.mvKey_Add: "+",
    dpg.mvKey_Comma: ",",
    dpg.mvKey_Period: ".",
    dpg.mvKey_Slash: "/",
    dpg.mvKey_Open_Brace: "[",
    dpg.mvKey_Close_Brace: "]",
    dpg.mvKey_Insert: "insert",
}


def modifiers_down() -> tuple[bool, bool, bool]:
    """Return whether ctrl (or the command key), shift and alt are down."""
    down = dpg.is_key_down
    ctrl = down(dpg.mvKey_LControl) or down(dpg.mvKey_RControl) or down(530) or down(534)
    shift = down(dpg.mvKey_LShift) or down(dpg.mvKey_RShift)
    return ctrl, shift, down(dpg.mvKey_LAlt) or down(dpg.mvKey_RAlt)


def name_of(code: int) -> str:
    """Return the name of a pressed key with its modifiers, ``"ctrl+shift+z"``; "" for an unknown key."""
    name = NAMES.get(code, "")
    if not name:
        return ""
    ctrl, shift, alt = modifiers_down()
    return "ctrl+" * ctrl + "shift+" * shift + "alt+" * alt + name
