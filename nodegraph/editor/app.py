"""The main loop of the editor: handle events, update the view, read the sound, draw one frame.

Only the thread that calls :meth:`App.run` touches the window.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import dearpygui.dearpygui as dpg

from nodegraph.graph import Graph
from nodegraph.patch import Patch

from .block_drawing import DRAWINGS, block_drawing
from .dpg.view import DpgView
from .presenter import Presenter
from .sound.live import LiveSound
from .sound.readings import ReadoutUpdater
from .sound.scope import scope_drawing
from .spoken import Say, SpokenView
from .view import View

FRAME_PERIOD = 1.0 / 60.0


class App:
    """The running editor: window, presenter and sound. ``frame_times`` are the seconds of Python of the last frames.

    ``say`` gets what happens as text, for a screen reader.
    """

    def __init__(
        self,
        sound: LiveSound,
        patch: Patch | None = None,
        home: Path | None = None,
        allow_outside: bool = False,
        graph: Graph | None = None,
        say: Say | None = None,
    ) -> None:
        self.sound = sound
        self.view = DpgView()
        self.spoken = SpokenView(self.view, say) if say is not None else None
        shown = cast(View, self.spoken) if self.spoken is not None else self.view
        self.presenter = Presenter(shown, sound, patch, home, allow_outside, graph)
        desk = self.presenter.desk
        drawings = dict.fromkeys(DRAWINGS, partial(block_drawing, desk))
        drawings["scope"] = partial(scope_drawing, sound, desk)
        self.readings = ReadoutUpdater(self.view, sound, desk.flat_id, drawings)
        self.frame_times: list[float] = []

    def run(self, size: tuple[int, int] = (1400, 880), each_frame: Callable[[App], Any] = lambda app: None) -> None:
        """Open the window and run until it is closed."""
        self.view.show_window(*size)
        due = time.perf_counter()
        try:
            while self.view.running:
                began = time.perf_counter()
                self.frame()
                each_frame(self)
                self.frame_times = [*self.frame_times[-255:], time.perf_counter() - began]
                if self.view.wait(due - time.perf_counter()):
                    self.frame()  # handles a key before the next frame is drawn
                due = time.perf_counter() + FRAME_PERIOD
                dpg.render_dearpygui_frame()
        finally:
            self.close()

    def frame(self) -> None:
        """Do all Python work of one frame."""
        for event in self.view.poll():
            self.presenter.handle(event)
        self.presenter.tick(time.monotonic())
        self.readings.tick(time.monotonic())
        if self.spoken is not None:
            self.spoken.flush(time.monotonic())
        self.view.refresh()

    def close(self) -> None:
        """Close files, fade out the sound, then destroy the window."""
        self.presenter.close()
        self.sound.close()
        self.view.close()
