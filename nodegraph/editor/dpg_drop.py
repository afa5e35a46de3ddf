"""Files dropped onto the window: DearPyGui does not report them, the window library inside it does."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

_kept: list[object] = []  # what the library calls must outlive the window


def listen(report: Callable[[tuple[Path, ...]], None]) -> bool:
    """Call ``report`` for files that are dropped; says whether this platform's build allows it.

    To be called once the window is shown, by the thread that draws it.
    """
    try:
        import dearpygui._dearpygui as library

        glfw = ctypes.CDLL(library.__file__)
        current, set_drop = glfw.glfwGetCurrentContext, glfw.glfwSetDropCallback
    except (OSError, AttributeError):
        return False
    current.restype = ctypes.c_void_p
    window = current()
    if not window:
        return False
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p))

    def dropped(_window: int, count: int, paths: ctypes._Pointer[ctypes.c_char_p]) -> None:
        report(tuple(Path(paths[i].decode("utf-8", "surrogateescape")) for i in range(count)))

    callback = kind(dropped)
    _kept.append(callback)
    set_drop.argtypes = [ctypes.c_void_p, kind]
    set_drop.restype = ctypes.c_void_p
    set_drop(window, callback)
    return True
