"""``python -m tests.editor.picture``: take the screenshot for the documentation, from the first demo."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from nodegraph.patch import Patch

from .robot import Robot, Xvfb

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "editor.png"
SIZE = (1640, 1000)
COLOURS = 224  # colours in the image, few for a small file
PROBED = ("voice.out", "mix.a"), ("mix.out", "echoes.audio")
PLACE, APART = (1050.0, 690.0), 290.0  # of the first probe, and from one to the next, in pixels


def main() -> int:
    from PIL import Image

    from nodegraph.editor.app import App
    from nodegraph.editor.sound.live import DeviceRequest, LiveSound

    server = Xvfb(SIZE)
    os.environ["DISPLAY"] = server.display
    patch = Patch.load(ROOT / "patches" / "first_sound.json")
    app = App(LiveSound(DeviceRequest("none")), patch, home=Path(tempfile.mkdtemp()))
    try:
        app.view.show_window(*SIZE)
        robot = Robot(app)
        robot.frames(5)
        app.sound.wait_idle(120.0)
        robot.until(lambda: False, 6.0)  # until the music starts
        for i, key in enumerate(wire for wire in robot.view.scene.wires if wire in PROBED):
            robot.view._mouse = (PLACE[0] + APART * i, PLACE[1])
            app.view.show_probe(key[0], key, f"{key[0]} → {key[1]}")
        robot.do("mousemove", 4, 4)
        robot.until(lambda: False, 2.0)
        robot.screenshot(PICTURE)
        robot.until(PICTURE.is_file)
        Image.open(PICTURE).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
        print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")
    finally:
        app.close()
        server.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
