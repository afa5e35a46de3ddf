"""Checks whether a window can be opened; DearPyGui itself would end the process if not."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

from nodegraph.installation import install_command
from nodegraph.processes.python_child import python_command, python_environment

TRIED = 30.0  # seconds until the test window times out
WINDOW = (
    "import dearpygui.dearpygui as dpg; dpg.create_context(); "
    "dpg.create_viewport(title='trying', width=64, height=64, decorated=False); "
    "dpg.setup_dearpygui(); dpg.show_viewport(minimized=True); dpg.render_dearpygui_frame(); print('opened')"
)


def display_problem(thorough: bool = True) -> str:
    """Return why no window can be opened, or "".

    ``thorough`` opens a window in a separate process, because the library ends its process if OpenGL is missing.
    """
    if find_spec("dearpygui") is None:
        return f"the editor needs DearPyGui: {install_command('nodegraph[editor]')}."
    if sys.platform.startswith("linux"):
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            return "no display: DISPLAY is not set. Run it on a desktop, or with `xvfb-run`."
    if not thorough:
        return ""
    try:
        tried = subprocess.run(
            python_command("-c", WINDOW), env=python_environment(), capture_output=True, text=True, timeout=TRIED
        )
    except subprocess.TimeoutExpired:
        return "the display does not respond. Check DISPLAY, or restart the window system."
    if "opened" in tried.stdout:
        return ""
    output = f"{tried.stdout} {tried.stderr}".lower()
    if "display" in output and "gl" not in output.replace("glfw", ""):
        return f"the display {os.environ.get('DISPLAY', '')} cannot be opened. Check DISPLAY."
    return "no window with OpenGL 3 can be opened. Install a graphics driver (Debian: libgl1 libgl1-mesa-dri)."
