"""``python -m tests.editor.monkey --seconds 120``: random clicks, drags and keys on the editor's window.

At the end the window must be open, the engine running, and the document must survive saving and loading.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from .robot import SIZE, Robot

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 .-*/"
KEYS = (
    *"nwjklxcfrispbm", "Tab", "Return", "Escape", "Delete", "BackSpace", "space", "period", "Home", "F1", "F2",
    "Up", "Down", "Left", "Right", "ctrl+a", "ctrl+z", "ctrl+z", "ctrl+shift+z", "ctrl+c", "ctrl+v", "ctrl+x",
    "ctrl+d", "ctrl+g", "ctrl+shift+g", "ctrl+m", "ctrl+s", "ctrl+o", "ctrl+n", "ctrl+shift+t", "ctrl+f", "ctrl+l",
    "ctrl+q", "ctrl+r", "ctrl+Return", "ctrl+0", "alt+BackSpace", "shift+s", "equal", "minus",
    "shift+j", "shift+k", "shift+b", "u", "y", "F6", "F6", "ctrl+w", "shift+F10", "shift+p",
)  # fmt: skip
BLOCKS = (
    "saw",
    "sine",
    "ladder",
    "audio_out",
    "lfo",
    "delay",
    "stft",
    "mixer",
    "scope",
    "noise",
    "envelope",
    "step_sequencer",
    "compressor",
    "tuner",
)


class Monkey:
    """Sends random mouse and keyboard events."""

    def __init__(self, robot: Robot, seed: int) -> None:
        self.robot, self.chance = robot, random.Random(seed)
        self.actions = 0

    def play(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.act()

    def act(self) -> None:
        """Do one random action and run a few frames."""
        acts = {
            self._click: 20, self._double: 4, self._drag: 14, self._wire: 16, self._key: 14, self._type: 4,
            self._wheel: 4, self._add: 10, self._slide: 8,
        }  # fmt: skip
        self.chance.choices(list(acts), list(acts.values()))[0]()
        if self._asked and self.chance.random() < 0.3:
            self.robot.do("key", "Escape")  # leaves modal dialogs
        if self.actions % 40 == 39:
            self.robot.do("key", "Home")  # shows the nodes again
        self.actions += 1
        self.robot.frames(self.chance.randrange(1, 4))

    @property
    def _asked(self) -> bool:
        return self.robot.view.files.is_open or "question" in self.robot.view.panels.keys

    def _spot(self) -> tuple[int, int]:
        return self.chance.randrange(2, SIZE[0] - 2), self.chance.randrange(2, SIZE[1] - 2)

    def _click(self) -> None:
        self.robot.do("mousemove", *self._spot())
        self.robot.frames(1)
        self.robot.click_here(self.chance.choice((1, 1, 1, 3, 2)))

    def _double(self) -> None:
        self.robot.do("mousemove", *self._spot())
        self.robot.click_here(1, 2)

    def _drag(self) -> None:
        self._pull(self._spot(), self._spot(), self.chance.choice((1, 1, 1, 2, 3)))

    def _pull(self, start: tuple[int, int], end: tuple[int, int], button: int = 1) -> None:
        robot = self.robot
        robot.do("mousemove", *start)
        robot.frames(1)
        robot.do("mousedown", button)
        robot.frames(1)
        for part in (0.3, 0.7, 1.0):
            robot.do("mousemove", *(round(a + part * (b - a)) for a, b in zip(start, end)))
            robot.frames(1)
        robot.do("mouseup", button)

    def _wire(self) -> None:
        """Drag from a pin to a pin, if any are visible."""
        scene = self.robot.view.scene
        pins = [
            self.robot.pixel((shown.at[0] + x, shown.at[1] + y))
            for shown in scene.nodes.values()
            for x, y in shown.shape.pins.values()
        ]
        pins = [(x, y) for x, y in pins if 0 < x < SIZE[0] and 30 < y < SIZE[1] - 30]
        if len(pins) > 1:
            self._pull(*self.chance.sample(pins, 2))

    def _slide(self) -> None:
        scene = self.robot.view.scene
        if scene.nodes:
            shown = self.chance.choice(list(scene.nodes.values()))
            if shown.shape.rows:
                box = self.chance.choice(shown.shape.rows).box
                x, y = self.robot.pixel((shown.at[0] + self.chance.uniform(20, box[2] - 20), shown.at[1] + box[1] + 10))
                if 0 < x < SIZE[0] and 30 < y < SIZE[1] - 30:
                    self._pull((x, y), (min(max(x + self.chance.randrange(-200, 200), 1), SIZE[0] - 1), y))

    def _key(self) -> None:
        self.robot.do("key", self.chance.choice(KEYS))

    def _type(self) -> None:
        self.robot.do("type", "--delay", 5, "--", "".join(self.chance.choices(LETTERS, k=self.chance.randrange(1, 8))))

    def _wheel(self) -> None:
        self.robot.do("mousemove", *self._spot())
        self.robot.do("click", self.chance.choice((4, 5)))

    def _add(self) -> None:
        robot = self.robot
        if len(robot.view.scene.nodes) < 40:
            robot.do("mousemove", *self._spot())
            robot.do("key", "Escape")
            robot.do("key", "n")
            robot.frames(4)
            robot.do("type", "--delay", 5, self.chance.choice(BLOCKS))
            robot.frames(3)
            robot.do("key", "Return")


def keep_inside(robot: Robot, folder: Path) -> None:
    """Restrict the file dialog to this folder."""
    dialog = robot.view.files
    go = dialog._go
    dialog._go = lambda path: go(path) if path.absolute().is_relative_to(folder) else None  # type: ignore[method-assign]


def faults(robot: Robot, folder: Path) -> list[str]:
    """Return the problems found after the run."""
    from nodegraph.patch import read_patch, write_patch

    found = []
    robot.desk.sound.resume()
    robot.frames(5)
    if not robot.view.running:
        found.append("the window was closed")
    sound = robot.desk.sound
    before = sound.engine.clock
    if not robot.until(lambda: sound.engine.clock > before, 5.0):
        found.append(f"the engine stopped: {sound.state().problem or 'no reason reported'}")
    path = folder / "monkey.json"
    write_patch(robot.document, path)
    if read_patch(path) != robot.document:
        found.append("the loaded document differs from the saved one")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.editor.monkey", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    from nodegraph.editor.app import App
    from nodegraph.editor.sound.live import DeviceRequest, LiveSound
    from tests.system import JackServer, missing

    from .robot import ARTEFACTS, Xvfb

    server = Xvfb()
    os.environ["DISPLAY"] = server.display
    jack = None if missing("jack") or missing("portaudio") else JackServer()
    if jack is not None:
        jack.wait_ready()
        os.environ.update(jack.env)
    folder = Path(tempfile.mkdtemp(prefix="monkey-"))
    os.chdir(folder)
    app = App(LiveSound(DeviceRequest() if jack else DeviceRequest("none")), home=folder / "home")
    try:
        app.view.show_window(*SIZE)
        app.presenter.strict = True
        robot = Robot(app)
        keep_inside(robot, folder)
        monkey = Monkey(robot, options.seed)
        monkey.play(options.seconds)
        found = faults(robot, folder)
        robot.screenshot(ARTEFACTS / "monkey.png")
        counts = f"{len(robot.document.nodes)} blocks, {len(robot.document.wires)} wires"
        print(f"{monkey.actions} actions in {options.seconds:g} s; {counts}, saved and loaded")
        for fault in found:
            print(f"error: {fault}")
        return 1 if found else 0
    finally:
        app.close()
        server.stop()
        if jack is not None:
            sys.modules["sounddevice"]._exit_handler()
            jack.stop()


if __name__ == "__main__":
    raise SystemExit(main())
