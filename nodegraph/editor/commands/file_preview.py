"""Previews of the files in a file dialog: the waveform of a sound, which can be heard, and the blocks of a patch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.blocks.registry import family_name, node_types
from nodegraph.files.sound_file import finite_samples, rate_problem, reason_of
from nodegraph.files.sound_opening import open_sound
from nodegraph.patch import Document, read_patch

from ..canvas.arrangement import COLUMN, LINE
from ..command import on
from ..desk import Desk, State
from ..events import FileHeard, FileHighlighted
from ..jobs import Job
from ..view import Drawing, FilePreview
from .files import SOUNDS

COLUMNS = 160  # of the waveform
COLUMN_SAMPLES = 8192  # read at most for a column
HEARD = 10.0  # seconds
MAX_TYPES = 24  # types of blocks that are listed
BOX = (184.0, 90.0)  # of a block in the picture of a patch, in canvas points
CHANNELS = {1: "mono", 2: "stereo"}


@dataclass
class Previewed(State):
    """The file that is previewed, the beginning of its sound, (samples,), and the job that reads it."""

    is_per_patch = False
    path: Path | None = None
    sound: np.ndarray | None = None
    rate: float = 0.0
    job: Job | None = None


@on(FileHighlighted)
def highlighted(desk: Desk, event: FileHighlighted) -> None:
    """Preview a file in the background; the sound of the last one stops."""
    _stop(desk)
    state = desk.state(Previewed)
    if state.job is not None:
        state.job.cancel()
    state.path, state.sound, state.job = event.path, None, None
    path = event.path
    if path is None:
        return
    if path.suffix.lower() not in {*SOUNDS, ".json"}:
        desk.view.show_file_preview(FilePreview(path, ()))
        return

    def done(job: Job) -> None:
        if state.job is not job:
            return
        state.job = None
        if job.error:
            desk.view.show_file_preview(FilePreview(path, (job.error,)))
            return
        preview, state.sound, state.rate = job.result
        desk.view.show_file_preview(preview)

    work = _sound if path.suffix.lower() in SOUNDS else _patch
    state.job = desk.jobs.start(f"preview {path.name}", lambda job: work(path, job), done)


@on(FileHeard)
def heard(desk: Desk, event: FileHeard) -> None:
    """Play the beginning of the previewed sound, or stop it."""
    state = desk.state(Previewed)
    if event.stop or state.sound is None:
        _stop(desk)
    else:
        desk.sound.preview(state.sound, state.rate)


def _stop(desk: Desk) -> None:
    if desk.state(Previewed).sound is not None:
        desk.sound.preview(np.zeros(0, np.float32), desk.state(Previewed).rate)


def _sound(path: Path, job: Job) -> tuple[FilePreview, np.ndarray | None, float]:
    """Read length, rate, waveform and beginning of a sound; long files are read in parts."""
    try:
        with open_sound(path) as file:
            length, rate, channels = file.frames, float(file.samplerate), file.channels
            if problem := rate_problem(rate) or ("the sound file is empty." if not length else ""):
                return FilePreview(path, (problem,)), None, 0.0
            beginning = file.read(min(round(HEARD * rate), length), dtype="float32", always_2d=True)
            edges = np.linspace(0, length, min(COLUMNS, length) + 1).astype(int)
            peaks = []
            for start, end in zip(edges, edges[1:]):
                file.seek(start)
                part = file.read(min(end - start, COLUMN_SAMPLES), dtype="float32", always_2d=True)
                mono = finite_samples(part).mean(axis=1) if len(part) else np.zeros(1)
                peaks.append((mono.min(), mono.max()))
                job.progress(len(peaks) / COLUMNS)
    except (OSError, RuntimeError) as error:
        return FilePreview(path, (f"not a sound file, or unsupported ({reason_of(error)}).",)), None, 0.0
    seconds = length / rate
    wave = np.array(peaks, np.float64)
    largest = max(float(np.abs(wave).max()), 1e-6)
    lines = (
        f"{seconds:.3f} s, {rate:g} Hz, {CHANNELS.get(channels, f'{channels} channels')}",
        f"peak {20 * np.log10(largest):.1f} dBFS",
    )
    drawing = Drawing("peaks", wave, -1.0, 1.0)
    mono = finite_samples(beginning).mean(axis=1).astype(np.float32)
    return FilePreview(path, lines, drawing, is_sound=True), mono, rate


def _patch(path: Path, job: Job) -> tuple[FilePreview, None, float]:
    """Read title, comment, blocks and picture of a patch."""
    document = read_patch(path)
    controls = len(document.controls)
    lines = [document.title] if document.title else []
    lines += [note.text for note in list(document.notes.values())[:1]]
    lines.append(
        f"{len(document.nodes)} blocks, {len(document.wires)} wires" + (f", {controls} controls" if controls else "")
    )
    counts = Counter(record.type for record in document.nodes.values()).most_common(MAX_TYPES)
    lines.append(", ".join(f"{count} × {type}" if count > 1 else type for type, count in counts))
    return FilePreview(path, tuple(line for line in lines if line), _picture(document)), None, 0.0


def _picture(document: Document) -> Drawing | None:
    """Return the blocks of a document, and lines for their wires, as a drawing; None without blocks."""
    if not document.nodes:
        return None
    grid = {id: (COLUMN * (i % 4), LINE * (i // 4)) for i, id in enumerate(document.nodes)}
    places = {id: document.layout.get(id, grid[id]) for id in document.nodes}
    wide, high = BOX
    wires = []
    for wire in document.wires:
        (x, y), (to_x, to_y) = places[wire.source], places[wire.target]
        wires.append((x + wide, y + high / 2, to_x, to_y + high / 2))
    boxes = [(x, y, x + wide, y + high) for x, y in places.values()]
    types = node_types()
    families = tuple(
        family_name(types[document.nodes[id].type].family) if document.nodes[id].type in types else "" for id in places
    )
    return Drawing("patch", np.array([*boxes, *wires], np.float64), names=families)
