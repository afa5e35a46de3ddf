"""``python -m tests.editor.tour``: build the voice of the tutorial with mouse and keyboard; take its pictures and film.

Writes ``docs/tutorial/*.png`` and the film ``docs/editor.gif``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from .robot import Robot, Xvfb

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "tutorial"
FILM = ROOT / "docs" / "editor.gif"
SIZE = (1180, 720)
COLOURS = 96  # of a picture
FILM_WIDTH, FILM_COLOURS, FRAME_MS, LAST_MS = 760, 112, 450, 2500
CAMERA = (10.0, 10.0, 0.75)


class Tour:
    """A robot that builds the voice, and the frames of the film."""

    def __init__(self, robot: Robot, folder: Path) -> None:
        self.robot, self.folder, self.frames = robot, folder, list[Path]()

    def frame(self) -> None:
        """Take a frame of the film."""
        path = self.folder / f"{len(self.frames):03}.png"
        self.robot.frames(4)
        self.robot.screenshot(path)
        self.robot.until(path.is_file)
        self.frames.append(path)

    def picture(self, name: str) -> None:
        """Take a picture of the tutorial, which is a frame of the film as well."""
        self.robot.point((20.0, 880.0))
        self.robot.until(lambda: False, 1.0)  # messages and readouts
        self.frame()
        PICTURES.mkdir(exist_ok=True)
        shown = Image.open(self.frames[-1]).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        shown.save(PICTURES / f"{name}.png", optimize=True)

    def add(self, type: str, at: tuple[float, float]) -> str:
        self.robot.point(at)
        return self._pick("n", type)

    def wire(self, start: str, end: str) -> None:
        wires = len(self.robot.document.wires)
        self.robot.wire(start, end)
        assert self.robot.until(lambda: len(self.robot.document.wires) != wires), f"no wire from {start} to {end}"
        self.frame()

    def insert(self, start: str, end: str, type: str) -> None:
        """Insert a block into a wire: a click on it, ``I``, the name."""
        (ax, ay), (bx, by) = self.robot.pin(start), self.robot.pin(end, False)
        self.robot.click(((ax + bx) / 2, (ay + by) / 2))
        self._pick("i", type)

    def _pick(self, key: str, type: str) -> str:
        """Choose a block in the palette that a key opens; return the id of the new block."""
        robot = self.robot
        before = set(robot.document.nodes)
        robot.key(key)
        robot.until(lambda: robot.view.palette.is_open and robot.view.fields.typing)
        robot.type(type)
        self.frame()
        robot.key("Return")
        assert robot.until(lambda: set(robot.document.nodes) - before), f"no block was added for {type}"
        robot.key("Escape")
        self.frame()
        return (set(robot.document.nodes) - before).pop()

    def value(self, node: str, port: str, text: str) -> None:
        robot = self.robot
        robot.click(robot.row(node, port), times=2)
        robot.until(lambda: robot.view.fields.typing)
        robot.key("ctrl+a")
        robot.type(text)
        robot.key("Return")
        robot.until(lambda: not robot.view.fields.typing)
        self.frame()


def build(tour: Tour) -> None:
    """Build the voice of ``docs/tutorial.md``."""
    saw = tour.add("saw", (330.0, 60.0))
    out = tour.add("audio_out", (1290.0, 90.0))
    tour.wire(f"{saw}.out", f"{out}.audio")
    tour.value(saw, "frequency", "A2")
    tour.picture("1-tone")
    tour.insert(f"{saw}.out", f"{out}.audio", "ladder")
    second = tour.add("saw", (330.0, 400.0))
    tour.value(second, "frequency", "A2")
    tour.value(second, "fm", "0.7")
    tour.wire(f"{second}.out", "ladder1.audio")
    tour.picture("2-filter")
    lfo = tour.add("lfo", (640.0, 560.0))
    for port, text in (("frequency", "0.3"), ("amplitude", "500"), ("offset", "900")):
        tour.value(lfo, port, text)
    tour.wire(f"{lfo}.out", "ladder1.cutoff")
    tour.picture("3-sweep")
    keys, notes = tour.add("midi_in", (50.0, 90.0)), tour.add("notes", (50.0, 330.0))
    tour.wire(f"{keys}.out", f"{notes}.events")
    tour.wire(f"{notes}.frequency", f"{saw}.frequency")
    tour.wire(f"{notes}.frequency", f"{second}.frequency")
    tour.insert("ladder1.out", f"{out}.audio", "vca")
    shape = tour.add("adsr", (980.0, 560.0))
    tour.wire(f"{notes}.gate", f"{shape}.gate")
    tour.wire(f"{shape}.out", "vca1.gain")
    tour.picture("4-voice")
    tour.robot.key("ctrl+shift+k")
    tour.robot.do("keydown", "z")
    tour.picture("5-play")
    tour.robot.do("keyup", "z")


def write_film(frames: list[Path]) -> None:
    """Write the frames as an animated GIF."""
    pictures = [Image.open(path).convert("RGB") for path in frames]
    size = (FILM_WIDTH, round(FILM_WIDTH * pictures[0].height / pictures[0].width))
    palette = pictures[-1].resize(size).quantize(FILM_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small = [one.resize(size).quantize(palette=palette, dither=Image.Dither.NONE) for one in pictures]
    durations = [FRAME_MS] * (len(small) - 1) + [LAST_MS]
    small[0].save(FILM, save_all=True, append_images=small[1:], duration=durations, loop=0, optimize=True)


def in_window(act: Callable[[Tour], None], folder: Path) -> Tour:
    """Let a robot act in a new window; return its tour."""
    from nodegraph.editor.app import App
    from nodegraph.editor.sound.live import DeviceRequest, LiveSound
    from nodegraph.editor.view import Camera
    from nodegraph.patch import Patch

    server = Xvfb(SIZE)
    os.environ["DISPLAY"] = server.display
    app = App(LiveSound(DeviceRequest("none")), Patch(), home=folder)
    try:
        app.view.show_window(*SIZE)
        app.presenter.strict = True
        robot = Robot(app)
        robot.frames(10)
        robot.desk.camera = Camera(*CAMERA)
        app.presenter.refresh()
        tour = Tour(robot, folder)
        act(tour)
        return tour
    finally:
        app.close()
        server.stop()


def main() -> int:
    folder = Path(tempfile.mkdtemp())
    tour = in_window(build, folder)
    write_film(tour.frames)
    for path in (FILM, *sorted(PICTURES.glob("*.png"))):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
