"""Window functions that DearPyGui lacks: dropped files, and reading an empty clipboard.

They call the window library (GLFW) inside DearPyGui, from the drawing thread.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_callbacks: list[object] = []  # references to callbacks, which must outlive the window
UNICODE_TEXT = 13  # CF_UNICODETEXT


def window_library() -> Any:
    """Return the window library inside DearPyGui, or None if the build hides it."""
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
    """Call ``report`` with dropped files; return whether the platform supports it.

    Call it after the window is shown.
    """
    glfw = window_library()
    window = glfw.glfwGetCurrentContext() if glfw else None
    if not window:
        return False
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p))

    def dropped(_window: int, count: int, paths: ctypes._Pointer[ctypes.c_char_p]) -> None:
        report(tuple(Path(paths[i].decode("utf-8", "surrogateescape")) for i in range(count)))

    callback = kind(dropped)
    _callbacks.append(callback)
    glfw.glfwSetDropCallback.argtypes = [ctypes.c_void_p, kind]
    glfw.glfwSetDropCallback.restype = ctypes.c_void_p
    glfw.glfwSetDropCallback(window, callback)
    return True


def clipboard_text() -> str:
    """Return the text in the clipboard, or "". DearPyGui's function ends the process if there is none."""
    glfw = window_library()
    if glfw is not None:
        glfw.glfwSetErrorCallback(None)  # suppresses a message on the terminal if the clipboard has no text
        window = glfw.glfwGetCurrentContext()
        return (glfw.glfwGetClipboardString(window) or b"").decode("utf-8", "replace")
    if sys.platform == "darwin":
        return subprocess.run(["pbpaste"], capture_output=True, text=True, timeout=5).stdout
    if sys.platform == "win32" and not ctypes.windll.user32.IsClipboardFormatAvailable(UNICODE_TEXT):
        return ""
    import dearpygui.dearpygui as dpg

    return str(dpg.get_clipboard_text() or "")
