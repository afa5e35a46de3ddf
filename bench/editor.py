"""``python -m bench.editor``: load of the editor with a large patch.

200 blocks, live values on all wired inputs, ten scopes, spectra and meters, three pinned probes and one at the pointer.
Measures the time in Python per frame, without the renderer, and the time from an edit to the swap of the new plan.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

BLOCKS = 200
SCOPES = 10
FRAMES = 300
EDITS = 40
LIMIT, EDIT_LIMIT = 8.0, 50.0  # ms


def large_patch(blocks: int = BLOCKS, scopes: int = SCOPES):
    """Return a patch of ``blocks`` blocks: chains of oscillator, filter and amplifier, with scopes and meters."""
    from nodegraph import Patch
    from nodegraph.patch import Move

    patch = Patch()
    chain = ("saw", "ladder", "vca", "one_pole", "drive")
    displays = ["scope_tap"] * scopes + ["spectrum_tap"] * 3 + ["meter"] * 3
    voices = (blocks - len(displays) - 1) // len(chain)
    ends = []
    for _ in range(voices):
        before = ""
        for type in chain:
            id = patch.add(type)
            if before:
                patch.connect(before, f"{id}.audio")
            before = f"{id}.{_first_output(type)}"
        ends.append(before)
    out = patch.add("audio_out", id="out")
    for i, type in enumerate(displays):
        id = patch.add(type)
        patch.connect(ends[i % len(ends)], f"{id}.audio")
    for end in ends[:8]:
        patch.connect(end, f"{out}.audio")
    while len(patch.document.nodes) < blocks:
        patch.add("lfo")
    across = 20
    for i, id in enumerate(reversed(patch.document.nodes)):  # blocks with displays come first, so that they are visible
        patch.do(Move(id, 210.0 * (i % across), 260.0 * (i // across)))
    return patch


def _first_output(type: str) -> str:
    from nodegraph.blocks.registry import node_types

    return next(iter(node_types()[type].spec.outputs))


def frame_times(frames: int = FRAMES) -> tuple[list[float], int]:
    """Return the milliseconds of Python for each frame, and the number of live displays."""
    import dearpygui.dearpygui as dpg

    from nodegraph.editor.app import App
    from nodegraph.editor.sound.live import NONE, DeviceRequest, LiveSound
    from nodegraph.editor.view import Camera

    sound = LiveSound(DeviceRequest(NONE))
    app = App(sound, large_patch(), Path(tempfile.mkdtemp()))
    view, presenter, readings = app.view, app.presenter, app.readings
    sound.wait_idle(120.0)
    view.scene.size = view.minimap.size = (2400.0, 1400.0)
    view.set_camera(Camera(0.0, 0.0, 0.5))  # the whole patch is visible
    keys = list(presenter.desk.patch.document.wires)[:4]
    for wire in keys[:3]:
        view.show_probe(wire.source_ref, (wire.source_ref, wire.target_ref), wire.source_ref)
    view.show_hover((keys[3].source_ref, keys[3].target_ref))
    times = []
    try:
        for frame in range(frames + 30):
            began = time.thread_time()
            for event in view.poll():
                presenter.handle(event)
            now = time.monotonic()
            presenter.tick(now)
            readings.tick(now)
            view.refresh()
            if frame >= 30:
                times.append(1000.0 * (time.thread_time() - began))
            time.sleep(1.0 / 60.0)
        moving = len(view.displays) + len(view.probes) + 1
    finally:
        presenter.close()
        sound.close()
        view.close()
        del dpg
    return times, moving


def edit_times(edits: int = EDITS) -> tuple[list[float], list[float]]:
    """Return the milliseconds from a wiring edit to its plan swap: wall time and processor time of each edit."""
    from nodegraph.editor.following import Following
    from nodegraph.editor.sound.live import NONE, DeviceRequest, LiveSound

    sound, patch = LiveSound(DeviceRequest(NONE)), large_patch()
    Following(patch, sound)
    sound.wait_idle(120.0)
    wire = patch.document.wires[-1]
    times, computing = [], []
    try:
        for i in range(edits):
            began, busy = time.perf_counter(), time.process_time()
            patch.disconnect(wire.source_ref, wire.target_ref) if i % 2 == 0 else patch.connect(
                wire.source_ref, wire.target_ref
            )
            sound.wait_idle()
            times.append(1000.0 * (time.perf_counter() - began))
            computing.append(1000.0 * (time.process_time() - busy))
            time.sleep(0.05)
    finally:
        sound.close()
    return times, computing


def main() -> int:
    table = Table(title=f"The editor with {BLOCKS} blocks, ms", title_justify="left")
    for name in ("", "median", "95 %", "maximum", "limit"):
        table.add_column(name, justify="left" if not name else "right")
    frames, moving = frame_times()
    edits, computing = edit_times()
    for name, times, limit in (
        (f"Python per frame, {moving} live displays", frames, LIMIT),
        ("from an edit to the output", edits, EDIT_LIMIT),
        ("processor time of an edit", computing, EDIT_LIMIT),
    ):
        ordered = sorted(times)
        figures = (statistics.median(ordered), ordered[int(0.95 * len(ordered))], ordered[-1])
        table.add_row(name, *(f"{figure:.1f}" for figure in figures), f"{limit:g}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
