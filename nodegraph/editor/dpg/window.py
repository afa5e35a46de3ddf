"""What DearPyGui does not offer of the window: dropped files, and a clipboard that may be empty.

Both are asked of the window library (GLFW) inside it, by the thread that draws.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_kept: list[object] = []  # what the library calls must outlive the window
UNICODE_TEXT = 13  # Windows' number for it


def _glfw() -> Any:
    """The window library inside DearPyGui; None where its build hides it."""
    try:
        import dearpygui._dearpygui as library

        glfw = ctypes.CDLL(library.__file__)
        glfw.glfwGetCurrentContext.restype = ctypes.c_void_p
        glfw.glfwGetClipboardString.argtypes = [ctypes.c_void_p]
        glfw.glfwGetClipboardString.restype = ctypes.c_char_p
        return glfw
    except (OSError, AttributeError):
        return None


def on_drop(report: Callable[[tuple[Path, ...]], None]) -> bool:
    """Call ``report`` for files that are dropped; says whether this platform's build allows it.

    To be called once the window is shown.
    """
    glfw = _glfw()
    window = glfw.glfwGetCurrentContext() if glfw else None
    if not window:
        return False
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p))

    def dropped(_window: int, count: int, paths: ctypes._Pointer[ctypes.c_char_p]) -> None:
        report(tuple(Path(paths[i].decode("utf-8", "surrogateescape")) for i in range(count)))

    callback = kind(dropped)
    _kept.append(callback)
    glfw.glfwSetDropCallback.argtypes = [ctypes.c_void_p, kind]
    glfw.glfwSetDropCallback.restype = ctypes.c_void_p
    glfw.glfwSetDropCallback(window, callback)
    return True


def clipboard_text() -> str:
    """The text in the clipboard, "" if there is none. DearPyGui's own function ends the program then."""
    glfw = _glfw()
    if glfw is not None:
        glfw.glfwSetErrorCallback(None)  # it would say on the terminal that there is no text
        window = glfw.glfwGetCurrentContext()
        return (glfw.glfwGetClipboardString(window) or b"").decode("utf-8", "replace")
    if sys.platform == "darwin":
        return subprocess.run(["pbpaste"], capture_output=True, text=True, timeout=5).stdout
    if sys.platform == "win32" and not ctypes.windll.user32.IsClipboardFormatAvailable(UNICODE_TEXT):
        return ""
    import dearpygui.dearpygui as dpg

    return str(dpg.get_clipboard_text() or "")
