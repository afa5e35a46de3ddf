"""The helper of the block ``sampler``: the sounds of an instrument in memory, and its zones as numbers."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from nodegraph.files.sfz import LOOP_MODES, SfzError, SfzZone, read_sfz
from nodegraph.files.sound_file import SoundFileError, finite_samples, read_samples

from .helper import HelperContext
from .loop_seam import seam_of
from .sound_streaming import read_header

MAX_SAMPLES = 1 << 27  # samples of all zones, 512 MB
SEAM_SECONDS = 0.005
PLUCK_RATE = 44100.0  # Hz

# Fields of a zone: keys and velocities, first sample in the memory, channels, frames, rate, first frame to play, frame
# after the last one, loop mode, first frame of the loop, frame after its last, pitch at the original speed, gain;
LOW_KEY, HIGH_KEY, LOW_VELOCITY, HIGH_VELOCITY, BASE, CHANNELS, FRAMES, RATE, FIRST, END = range(10)
MODE, LOOP_START, LOOP_END, CENTRE, ZONE_GAIN = range(10, 15)
# attack and decay (s), sustain (ratio) and release (s) of the envelope.
ATTACK, DECAY, SUSTAIN, RELEASE = range(15, 19)
ZONE_SIZE = 19
NO_LOOP, ONE_SHOT, LOOP_CONTINUOUS, LOOP_SUSTAIN = range(len(LOOP_MODES))


class SampleBank:
    """Sounds in memory at their own rates, one after the other, and ``zones``, ZONE_SIZE numbers each."""

    array_types = {"samples": "f4", "zones": "f8"}

    def __init__(self, context: HelperContext) -> None:
        self.problem = self.remark = ""
        self.samples, self.zones = np.zeros(1, np.float32), np.zeros(0)
        self.files: list[Path] = []
        path = context.settings["file"]
        if not path:
            self._add_pluck()
        if path:
            try:
                zones, self.remark = instrument(Path(path), int(context.settings["root"]))
                self._load(zones, Path(path).parent, context.folder)
            except (OSError, RuntimeError, SoundFileError, SfzError) as error:
                self.problem = str(error).rstrip(".")
        self.arrays = {"samples": self.samples, "zones": self.zones}

    def _load(self, zones: list[SfzZone], folder: Path, patch_folder: Path | None) -> None:
        sounds: dict[str, tuple[np.ndarray, float]] = {}
        parts: dict[tuple[object, ...], int] = {}
        memory: list[np.ndarray] = []
        rows, size = [], 0
        for zone in zones:
            path = sample_path(zone.sample, folder, patch_folder)
            if path is None:
                self.problem = f"{zone.sample}: outside the folder of the patch. Copy it there"
                continue
            if zone.sample not in sounds:
                try:
                    values, rate = read_samples(path)
                except SoundFileError as error:
                    self.problem = f"{zone.sample}: {str(error).removeprefix(f'{path}: ')}".rstrip(".")
                    continue
                sounds[zone.sample] = finite_samples(values[:, :2]), rate
                self.files.append(path)
            values, rate = sounds[zone.sample]
            frames = len(values)
            end = min(zone.end + 1, frames) if zone.end >= 0 else frames
            loop_end = min(zone.loop_end + 1, end) if zone.loop_end >= 0 else end
            mode = LOOP_MODES.index(zone.loop_mode)
            if not 0 <= zone.loop_start < loop_end and mode >= LOOP_CONTINUOUS:
                self.problem, mode = f"{zone.sample}: the loop is empty, and not played. Correct loop_start", NO_LOOP
            key = (zone.sample, zone.loop_start, loop_end) if mode == LOOP_CONTINUOUS else (zone.sample,)
            if key not in parts:
                if size + values.size > MAX_SAMPLES:
                    self.problem = f"the samples take more than {MAX_SAMPLES >> 18} MB. Use a smaller instrument"
                    break
                part = values.copy()
                if mode == LOOP_CONTINUOUS:
                    seam = seam_of(
                        lambda first, count, values=values: values[first : first + count],  # type: ignore[misc]
                        zone.loop_start, loop_end, round(SEAM_SECONDS * rate), False,
                    )  # fmt: skip
                    part[loop_end - len(seam) : loop_end] = seam
                parts[key] = size
                memory.append(part.ravel())
                size += part.size
            rows.append([
                zone.lokey, zone.hikey, zone.lovel, zone.hivel, parts[key], values.shape[1], frames, rate,
                min(max(zone.offset, 0), max(end - 1, 0)), end, mode, zone.loop_start, loop_end,
                zone.pitch_keycenter - zone.transpose - zone.tune / 100.0, 10.0 ** (zone.volume / 20.0),
                zone.ampeg_attack, zone.ampeg_decay, zone.ampeg_sustain / 100.0, zone.ampeg_release,
            ])  # fmt: skip
        if rows:
            self.samples = np.concatenate(memory)
            self.zones = np.array(rows, np.float64).ravel()

    def _add_pluck(self) -> None:
        """Add the sound of a block without a file: middle C, plucked, for two seconds."""
        t, turn = np.arange(2.0 * PLUCK_RATE)[:, None] / PLUCK_RATE, 2.0 * np.pi * 261.6255653
        h = np.arange(1, 13)
        sound = (0.4 / h * np.exp(-t * (1.5 + h)) * np.sin(turn * h * t)).sum(axis=1)
        self.samples = sound.astype(np.float32)
        end = len(sound)
        self.zones = np.array(
            [0, 127, 0, 127, 0, 1, end, PLUCK_RATE, 0, end, ONE_SHOT, 0, end, 60, 1, 0, 0, 1, 0], np.float64
        )

    def service(self) -> None:
        """Do nothing: the sounds are in memory."""

    def close(self) -> None:
        """Do nothing: the files are closed."""


def instrument(path: Path, root: int) -> tuple[list[SfzZone], str]:
    """Return the zones of an SFZ file, or one zone for a sound file, and what was ignored. Raises SfzError."""
    if path.suffix.lower() == ".sfz":
        return read_sfz(path)
    return [SfzZone(sample=path.name, pitch_keycenter=root)], ""


def instrument_problem(path: str) -> str:
    """Return why an instrument cannot be played, or "" if it can or does not exist."""
    if not path or not Path(path).is_file():
        return ""
    if Path(path).suffix.lower() != ".sfz":
        return read_header(path)[1]
    return _sfz_problem(path, Path(path).stat().st_mtime)


@lru_cache(maxsize=64)
def _sfz_problem(path: str, changed: float) -> str:
    try:
        read_sfz(Path(path))
    except SfzError as error:
        return str(error)
    return ""


def sample_path(sample: str, folder: Path, patch_folder: Path | None) -> Path | None:
    """Return the path of a sample, or None if it lies in the folder of neither the instrument nor the patch."""
    try:
        found = (folder / sample).resolve()
        roots = [root.resolve() for root in (folder, patch_folder) if root is not None]
    except (OSError, RuntimeError, ValueError):
        return None
    return found if any(found.is_relative_to(root) for root in roots) else None
