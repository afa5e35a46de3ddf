"""The main loop of the editor: handle events, update the view, read the sound, draw one frame.

Only the thread that calls :meth:`App.run` touches the window.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import dearpygui.dearpygui as dpg

from nodegraph.graph import Graph
from nodegraph.patch import Patch

from .block_drawing import DRAWINGS, block_drawing
from .dpg.view import DpgView
from .presenter import Presenter
from .sound.live import LiveSound
from .sound.readings import ReadoutUpdater
from .sound.scope import scope_drawing

FRAME_PERIOD = 1.0 / 60.0


class App:
    """The running editor: window, presenter and sound. ``frame_times`` are the seconds of Python of the last frames."""

    def __init__(
        self,
        sound: LiveSound,
        patch: Patch | None = None,
        home: Path | None = None,
        allow_outside: bool = False,
        graph: Graph | None = None,
    ) -> None:
        self.sound = sound
        self.view = DpgView()
        self.presenter = Presenter(self.view, sound, patch, home, allow_outside, graph)
        desk = self.presenter.desk
        drawings = dict.fromkeys(DRAWINGS, partial(block_drawing, desk))
        drawings["scope"] = partial(scope_drawing, sound, desk)
        self.readings = ReadoutUpdater(self.view, sound, desk.flat_id, drawings)
        self.frame_times: list[float] = []

    def run(self, size: tuple[int, int] = (1400, 880), each_frame: Callable[[App], Any] = lambda app: None) -> None:
        """Open the window and run until it is closed."""
        self.view.show_window(*size)
        try:
            while self.view.running:
                began = time.perf_counter()
                self.frame()
                each_frame(self)
                self.frame_times = [*self.frame_times[-255:], time.perf_counter() - began]
                dpg.render_dearpygui_frame()
                rest = FRAME_PERIOD - (time.perf_counter() - began)
                if rest > 0:
                    time.sleep(rest)  # releases the interpreter for the thread that compiles plans
        finally:
            self.close()

    def frame(self) -> None:
        """Do all Python work of one frame."""
        for event in self.view.poll():
            self.presenter.handle(event)
        self.presenter.tick(time.monotonic())
        self.readings.tick(time.monotonic())
        self.view.refresh()

    def close(self) -> None:
        """Close files, fade out the sound, then destroy the window."""
        self.presenter.close()
        self.sound.close()
        self.view.close()
