"""The sound of a block: its waveform, a preview, the points of its loop, and trimming."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import SoundFileError, read_samples
from nodegraph.files.sound_output import write_sound
from nodegraph.patch import Group, NodeRecord, PatchError, SetParam, resolve_file
from nodegraph.patch.values import number_of

from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..jobs import Job
from ..view import Drawing, Item, PanelVisual
from .files import SOUNDS, take_files

FILE, START, END = "file", "loop_start", "loop_end"
COLUMNS = 600  # of the waveform
PREVIEW = 10.0  # seconds
SHORTEST = 0.001  # seconds of a loop


class SoundPanel(Panel):
    """Panel with the sound of a block: waveform, preview, loop points, trimming."""

    key = "sound file"
    is_per_patch = True

    def __init__(self, place: tuple[str, ...], id: str) -> None:
        self.place, self.id = place, id
        self.job: Job | None = None
        self.problem = ""
        self.sound = np.zeros((0, 1), np.float32)  # (samples, channels)
        self.rate = 44100.0
        self._loaded: Path | None = None

    # -- the sound -------------------------------------------------------------------------------------------

    def _record(self, desk: Desk) -> NodeRecord | None:
        try:
            return desk.patch.document.nested(self.place).node(self.id)
        except PatchError:  # it or its subpatch was removed
            return None

    def _params(self, desk: Desk) -> dict[str, object]:
        record = self._record(desk)
        return dict(record.params) if record is not None else {}

    def _path(self, desk: Desk) -> Path | None:
        reference = str(self._params(desk).get(FILE, ""))
        try:
            return resolve_file(desk.patch.path, reference, desk.allow_outside) if reference else None
        except PatchError as error:
            self.problem = str(error)
            return None

    def load(self, desk: Desk) -> None:
        """Read the file in the background if it is another one than before."""
        path = self._path(desk)
        if path == self._loaded or self.job is not None:
            return
        self._loaded, self.sound, self.problem = path, self.sound[:0], "" if path else self.problem
        if path is None:
            return

        def done(job: Job) -> None:
            self.job = None
            if job.error:
                self.problem = job.error
            else:
                self.sound, self.rate = job.result
            self.refresh(desk)

        self.job = desk.jobs.start(f"read {path.name}", lambda job: read_samples(path), done)

    @property
    def seconds(self) -> float:
        """The length of the sound."""
        return len(self.sound) / self.rate

    def loop(self, desk: Desk) -> tuple[float, float]:
        """Return start and end of the loop in seconds, as the block plays it: all, if there is nothing in between."""
        params = self._params(desk)
        low, high = (min(max(number_of(params.get(name)), 0.0), self.seconds) for name in (START, END))
        high = high or self.seconds
        return (low, high) if low < high else (0.0, self.seconds)

    # -- items -----------------------------------------------------------------------------------------------

    def visual(self, desk: Desk) -> PanelVisual:
        self.load(desk)
        items = [Item("row", "files", value=(
            Item("text", "name", value=self._loaded.name if self._loaded else "no file"),
            Item("button", "choose", "Choose…"),
        ))]  # fmt: skip
        if self.problem or self.job is not None or not len(self.sound):
            waiting = "Reading the file …" if self.job is not None else "Choose a sound, or drop one here."
            items.append(Item("text", "state", value=self.problem or waiting))
            return PanelVisual(self.key, f"Sound of {self.id}", tuple(items), size=(520.0, 0.0))
        start, end = self.loop(desk)
        channels = {1: "mono", 2: "stereo"}.get(self.sound.shape[1], f"{self.sound.shape[1]} channels")
        items += [
            Item("drawing", "wave", value=self._drawing(start, end)),
            Item("text", "facts", value=f"{self.seconds:.3f} s, {self.rate:g} Hz, {channels}"),
            Item("row", "previews", value=(Item("button", "hear", "▶ Hear"), Item("button", "quiet", "■ Stop"))),
        ]  # fmt: skip
        record = self._record(desk)
        if record is not None and START in desk.spec_of(record).options:
            items += [
                Item("slider", START, "loop start", (start / self.seconds, f"{start:.3f} s")),
                Item("slider", END, "loop end", (end / self.seconds, f"{end:.3f} s")),
                Item("row", "edits", value=(
                    Item("button", "trim", "Trim to the loop", tip="writes the part as a new file beside this one"),
                    Item("button", "whole", "Whole sound"),
                )),
            ]  # fmt: skip
        return PanelVisual(self.key, f"Sound of {self.id}", tuple(items), size=(520.0, 0.0))

    def _drawing(self, start: float, end: float) -> Drawing:
        """Return the waveform: the loop in the first colour, the rest in the second."""
        mono = self.sound.mean(axis=1)
        edges = np.linspace(0, len(mono), min(COLUMNS, len(mono)) + 1).astype(int)[:-1]
        peaks = np.stack([np.minimum.reduceat(mono, edges), np.maximum.reduceat(mono, edges)], axis=1)
        looped = (edges / self.rate >= start) & (edges / self.rate < end)
        lanes = [np.where(part[:, None], peaks, 0.0).ravel() for part in (looped, ~looped)]
        return Drawing("wave", np.ascontiguousarray(lanes, np.float64), -1.0, 1.0, axis=(0.0, self.seconds), unit="s")

    # -- events ----------------------------------------------------------------------------------------------

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if event.item == "choose":
            desk.ask_file("sound file", "Sound", lambda path: self._use(desk, path), " ".join(SOUNDS))
        elif event.item == "hear":
            low, high = (round(second * self.rate) for second in self.loop(desk))
            high = min(high, low + round(PREVIEW * self.rate))
            desk.sound.preview(self.sound[low:high].mean(axis=1).astype(np.float32), self.rate)
        elif event.item == "quiet":
            desk.sound.preview(np.zeros(0, np.float32), self.rate)
        elif event.item in (START, END):
            self._move(desk, event.item, float(event.value) * self.seconds)
        elif event.item == "whole":
            self._set(desk, {START: 0.0, END: 0.0})
        elif event.item == "trim":
            self._trim(desk)

    def drop(self, desk: Desk, paths: tuple[Path, ...]) -> bool:
        sounds = [path for path in paths if path.suffix.lower() in SOUNDS]
        if sounds:
            self._use(desk, sounds[0])
        return bool(sounds)

    def changed(self, desk: Desk) -> None:
        if self._record(desk) is None:
            desk.close_panel(self.key)
        else:
            self.refresh(desk)

    def closed(self, desk: Desk) -> None:
        if self.job is not None:
            self.job.cancel()

    def _use(self, desk: Desk, path: Path) -> None:
        """Play another file."""
        looped = {START: 0.0, END: 0.0} if START in self._params(desk) or END in self._params(desk) else {}
        take_files(desk, [path], lambda references: self._set(desk, {FILE: references[0], **looped}))

    def _move(self, desk: Desk, name: str, second: float) -> None:
        start, end = self.loop(desk)
        if name == START:
            self._set(desk, {START: min(max(second, 0.0), end - SHORTEST)})
        else:
            self._set(desk, {END: min(max(second, start + SHORTEST), self.seconds)})

    def _set(self, desk: Desk, values: dict[str, object]) -> None:
        actions = tuple(SetParam(self.id, name, value) for name, value in values.items())
        desk.do_in(self.place, Group(actions) if len(actions) > 1 else actions[0])

    def _trim(self, desk: Desk) -> None:
        """Write the loop as a new file, and play that."""
        if self._loaded is None:
            return
        low, high = (round(second * self.rate) for second in self.loop(desk))
        number, target = 1, self._loaded.with_name(f"{self._loaded.stem}-trim.wav")
        while target.exists():
            number += 1
            target = target.with_name(f"{self._loaded.stem}-trim{number}.wav")
        try:
            write_sound(target, self.sound[low:high], self.rate, desk.preferences.depth)
        except SoundFileError as error:
            desk.notify(str(error), alarm=True)
            return
        self._set(desk, {FILE: desk.reference(target), START: 0.0, END: 0.0})
        desk.notify(f"Saved {target.name} ({(high - low) / self.rate:.3f} s).")


def sound_node(desk: Desk, payload: object) -> str | None:
    """Return the given block, or the selected one, if it plays a sound file."""
    chosen = [payload] if isinstance(payload, str) else list(desk.selection.nodes)
    found = [id for id in chosen if id in desk.document.nodes and _plays_sound(desk, id)]
    return found[0] if len(found) == 1 else None


def _plays_sound(desk: Desk, id: str) -> bool:
    option = desk.spec(id).options.get(FILE)
    return option is not None and "sound file" in option.doc


@command("Sound file…", menu="Edit", section=6, possible=lambda desk: sound_node(desk, None) is not None)
def sound_file(desk: Desk, payload: object) -> None:
    """Show the waveform of a block's sound file, hear it, set its loop, trim it."""
    id = sound_node(desk, payload)
    if id is not None:
        desk.open_panel(SoundPanel(desk.subpatch_path, id))
