"""Engine commands: audio device, pause and steps, recording, export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nodegraph.files.depths import DEPTHS
from nodegraph.quantum import QUANTUM

from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..jobs import Job
from ..machine_test import MachineTest
from ..quantity import QuantityError, parse_quantity
from ..view import Item, PanelVisual

RATES = (22050.0, 32000.0, 44100.0, 48000.0, 88200.0, 96000.0)
BLOCKS = (64, 128, 256, 512, 1024, 2048)
EXPORT_CHUNK = 256 * QUANTUM  # samples; a day of sound does not fit into memory
DEFAULT, NONE, DEVICE_RATE, CURRENT_RATE = "system default", "no device", "device rate", "current rate"


# -- pause and steps ---------------------------------------------------------------------------------------


@command("Pause", "space", menu="Sound", section=0, checked=lambda desk: desk.sound_state.paused)
def pause(desk: Desk, payload: object) -> None:
    """Pause or resume the engine."""
    desk.sound.resume() if desk.refresh_sound_state().paused else desk.sound.pause()
    desk.refresh_sound_state()


@command("Step one quantum", ".", "t", menu="Sound", section=0)
def step_block(desk: Desk, payload: object) -> None:
    """Pause the engine and compute one quantum of 64 samples."""
    _step(desk, QUANTUM)


@command("Step one hop", ">", "shift+t", menu="Sound", section=0)
def step_hop(desk: Desk, payload: object) -> None:
    """Pause the engine and compute one hop of the selected block, or the shortest in the patch."""
    _step(desk, hop_of(desk))


def _step(desk: Desk, samples: int) -> None:
    if not desk.refresh_sound_state().paused:
        desk.sound.pause()
    desk.sound.step(samples)


def hop_of(desk: Desk) -> int:
    """Return the hop of the selected block, else the shortest hop in the patch, in samples."""
    graph = desk.typed.graph
    hops: list[int] = []
    chosen = {desk.flat_id(id) for id in desk.selection.nodes}
    for node in graph.typed_nodes if graph else []:
        found = [*node.output_frames.values(), *node.input_frames.values()]
        if found and (not chosen or node.id in chosen):
            hops.append(found[0].hop)
    return min(hops, default=QUANTUM)


# -- device ------------------------------------------------------------------------------------------------


class DevicePanel(Panel):
    """Panel that selects the audio device, sample rate and block size, and tests them."""

    key = "device"

    def __init__(self) -> None:
        self.test = MachineTest(self.key)

    def visual(self, desk: Desk) -> PanelVisual:
        chosen = desk.preferences
        names = [DEFAULT, *_names(desk), NONE]
        shown = DEFAULT if chosen.device is None else NONE if chosen.device == "none" else chosen.device
        rate = DEVICE_RATE if chosen.rate is None else f"{chosen.rate:g}"
        items = (
            Item("choice", "device", "Device", (shown, tuple(names))),
            Item("choice", "rate", "Sample rate (Hz)", (rate, (DEVICE_RATE, *(f"{r:g}" for r in RATES)))),
            Item("choice", "block", "Block size", (str(chosen.blocksize), tuple(map(str, BLOCKS)))),
            depth_item(desk),
            Item("text", "state", value=self._state(desk)),
            Item("button", "again", "Rescan devices"),
            *self.test.items(desk, RATES),
        )
        return PanelVisual(self.key, "Audio device", items)

    def _state(self, desk: Desk) -> str:
        state = desk.refresh_sound_state()
        if state.problem:
            return state.problem
        return f"{state.device or 'no device'}: {state.rate:g} Hz, block size {state.blocksize}"

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if self.test.react(desk, event.item):
            return
        if event.item == "device":
            name = {DEFAULT: None, NONE: "none"}.get(event.value, event.value)
            desk.set_preferences(device=name)
        elif event.item == "rate":
            desk.set_preferences(rate=None if event.value == DEVICE_RATE else float(event.value))
        elif event.item == "block":
            desk.set_preferences(blocksize=int(event.value))
        elif event.item == "depth":
            desk.set_preferences(depth=str(event.value))
        if event.item not in ("again", "depth"):
            use_device(desk)
        desk.open_panel(self)

    def tick(self, desk: Desk, now: float) -> None:
        desk.view.set_item(self.key, Item("text", "state", value=self._state(desk)))
        self.test.tick(desk)

    def closed(self, desk: Desk) -> None:
        self.test.close(desk)


def depth_item(desk: Desk) -> Item:
    """Return the choice of the depth of all sound files that the editor writes."""
    return Item("choice", "depth", "Depth of sound files", (desk.preferences.depth, DEPTHS))


def use_device(desk: Desk) -> None:
    """Switch the engine to the preferred device."""
    chosen = desk.preferences
    desk.sound.select_device(chosen.device, chosen.rate, chosen.blocksize)


def _names(desk: Desk) -> list[str]:
    return [str(one["name"]) for one in desk.sound.devices() if one.get("outputs")]


@command("Audio device…", "ctrl+,", menu="Sound", section=9)
def device(desk: Desk, payload: object) -> None:
    """Select the audio device, sample rate, block size, and the depth of recordings."""
    desk.open_panel(DevicePanel())


# -- recording ---------------------------------------------------------------------------------------------


@command("Record", "ctrl+r", menu="Sound", section=1, checked=lambda desk: bool(desk.sound_state.recording))
def record(desk: Desk, payload: object) -> None:
    """Record the output to a sound file; run again to stop."""
    state = desk.refresh_sound_state()
    if state.recording:
        desk.sound.record(None)
        desk.notify(f"Recorded {state.recording}.")
        return

    def begin(path: Path) -> None:
        path = path if path.suffix else path.with_suffix(".wav")
        desk.sound.record(path, desk.preferences.depth)

    desk.ask_file("record", "Record to", begin, ".wav", save=True, name=sound_name(desk, "take"))


def sound_name(desk: Desk, label: str, ending: str = ".wav") -> str:
    """Return an unused file name for this patch, such as ``song-take2.wav``."""
    stem = desk.patch.path.stem if desk.patch.path else desk.patch.document.title or "patch"
    folder, number = desk.folder, 1
    while (folder / f"{stem}-{label}{number}{ending}").exists():
        number += 1
    return f"{stem}-{label}{number}{ending}"


# -- export ------------------------------------------------------------------------------------------------


class ExportPanel(Panel):
    """Panel that renders the patch to a sound file on a separate engine, in the background."""

    key = "export"

    def __init__(self) -> None:
        self.seconds = "10"
        self.rate = CURRENT_RATE
        self.job: Job | None = None

    def visual(self, desk: Desk) -> PanelVisual:
        busy = self.job is not None
        items = [
            Item("entry", "seconds", "Seconds", self.seconds, enabled=not busy),
            Item("choice", "rate", "Sample rate (Hz)", (self.rate, (CURRENT_RATE, *(f"{r:g}" for r in RATES)))),
            depth_item(desk),
        ]
        if self.job is not None:
            items.append(Item("progress", "progress", value=(self.job.part, self._text())))
            items.append(Item("button", "cancel", "Cancel"))
        else:
            items.append(Item("button", "go", "Export…"))
        return PanelVisual(self.key, "Export audio", tuple(items))

    def _text(self) -> str:
        return f"{round(100 * self.job.part)} %" if self.job else ""

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if event.item == "seconds":
            self.seconds = str(event.value)
        elif event.item == "rate":
            self.rate = str(event.value)
        elif event.item == "depth":
            desk.set_preferences(depth=str(event.value))
        elif event.item == "cancel" and self.job is not None:
            self.job.cancel()
        elif event.item == "go" and self.job is None:
            self._ask(desk)

    def _ask(self, desk: Desk) -> None:
        try:
            seconds = parse_quantity(self.seconds, "s")
        except QuantityError as error:
            desk.notify(str(error), alarm=True)
            return
        if not 0.0 < seconds <= 24 * 3600.0:
            desk.notify(f"export length must lie in 0–86400 s, got {seconds:g}. Change the seconds.", alarm=True)
            return
        rate = desk.refresh_sound_state().rate if self.rate == CURRENT_RATE else float(self.rate)
        name = sound_name(desk, "export")
        desk.ask_file(
            "export", "Export to", lambda path: self.start(desk, path, seconds, rate), ".wav", save=True, name=name
        )

    def start(self, desk: Desk, path: Path, seconds: float, rate: float) -> None:
        """Render ``seconds`` at ``rate`` Hz to ``path`` in a background job."""
        path = path if path.suffix else path.with_suffix(".wav")
        document, origin, outside = desk.patch.document, desk.patch.path, desk.allow_outside
        depth = desk.preferences.depth

        def work(job: Job) -> str:
            return export(document, origin, path, seconds, rate, job.progress, outside, depth)

        def done(job: Job) -> None:
            self.job = None
            if self.key in desk.panels:
                desk.open_panel(self)
            if job.error:
                desk.notify(
                    f"Not exported: {job.error}" if job.error != "cancelled" else "Export cancelled.", alarm=True
                )
            else:
                remark = f", {job.result}" if job.result else ""
                desk.notify(f"Exported {path.name} ({seconds:g} s){remark}.", alarm=bool(remark))

        self.job = desk.jobs.start("export", work, done)
        if self.key in desk.panels:
            desk.open_panel(self)

    def tick(self, desk: Desk, now: float) -> None:
        if self.job is not None:
            desk.view.set_item(self.key, Item("progress", "progress", value=(self.job.part, self._text())))


def export(
    document: Any,
    origin: Path | None,
    path: Path,
    seconds: float,
    rate: float,
    progress: Any,
    outside: bool,
    depth: str,
) -> str:
    """Render ``seconds`` of ``document`` to a sound file, written atomically; return a remark if it is clipped.

    ``progress`` is called with 0…1.
    """
    from nodegraph.engine.offline import Offline
    from nodegraph.files.sound_output import SoundOutput

    engine = Offline(document, rate, origin, None, allow_outside=outside)
    total = round(seconds * rate)
    try:
        with SoundOutput(path, rate, engine.outputs, seconds, depth) as file:
            while file.samples < total:
                file.write(engine.run_samples(min(EXPORT_CHUNK, total - file.samples)))
                progress(file.samples / total)
    finally:
        engine.close()
    return file.clipping


@command("Export…", "ctrl+e", menu="File", section=2)
def export_sound(desk: Desk, payload: object) -> None:
    """Render the patch to a sound file."""
    if "export" not in desk.panels:
        desk.open_panel(ExportPanel())
