"""``python -m tests.editor.picture``: take the screenshot for the documentation, from the demo patch."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from nodegraph.patch import Patch

from .robot import Robot, Xvfb

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "editor.png"
SIZE = (1640, 1000)
ZOOM = 0.75
COLOURS = 224  # colours in the image, few for a small file
PROBED = ("string_picture.out", "mix.a"), ("bass_wave.out", "bass.a")


def main() -> int:
    from PIL import Image

    from nodegraph.editor.app import App
    from nodegraph.editor.sound.live import DeviceRequest, LiveSound
    from nodegraph.editor.view import Camera

    server = Xvfb(SIZE)
    os.environ["DISPLAY"] = server.display
    app = App(
        LiveSound(DeviceRequest("none")), Patch.load(ROOT / "patches" / "demo.json"), home=Path(tempfile.mkdtemp())
    )
    try:
        app.view.show_window(*SIZE)
        robot = Robot(app)
        robot.frames(5)
        app.sound.wait_idle(120.0)
        app.presenter.desk.camera = Camera(640.0, 20.0, ZOOM)
        app.presenter.refresh()
        robot.until(lambda: False, 14.0)  # until the music starts
        for i, key in enumerate(wire for wire in robot.view.scene.wires if wire in PROBED):
            robot.view._mouse = (300.0 + 360.0 * i, 640.0)
            app.view.show_probe(key[0], key, f"{key[0]} → {key[1]}")
        robot.view._mouse = (4.0, 4.0)
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
