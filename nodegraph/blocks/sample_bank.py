"""The helper of the block ``sampler``: the sounds of an instrument in memory, and its zones as numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nodegraph.files.sample_zone import LOOP_MODES, SampleZone
from nodegraph.files.sf2 import Sf2Error, Sf2Instrument, read_sf2
from nodegraph.files.sfz import SfzError, read_sfz
from nodegraph.files.sound_file import SoundFileError, finite_samples, read_samples

from .helper import HelperContext
from .loop_seam import seam_of
from .sound_streaming import read_header

MAX_SAMPLES = 1 << 27  # samples of all zones, 512 MB
SEAM_SECONDS = 0.005
PLUCK_RATE = 44100.0  # Hz

# Fields of a zone: keys and velocities, first sample in the memory, channels, frames, rate, first frame to play, frame
# after the last one, loop mode, first frame of the loop, frame after its last, pitch at the original speed, gains;
LOW_KEY, HIGH_KEY, LOW_VELOCITY, HIGH_VELOCITY, BASE, CHANNELS, FRAMES, RATE, FIRST, END = range(10)
MODE, LOOP_START, LOOP_END, CENTRE, LEFT_GAIN, RIGHT_GAIN = range(10, 16)
# delay, attack, hold and decay (s) of the envelope, the level that the decay falls towards and the one where it ends
# (ratios), and release (s).
DELAY, ATTACK, HOLD, DECAY, TARGET, SUSTAIN, RELEASE = range(16, 23)
ZONE_SIZE = 23
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
        else:
            try:
                settings = context.settings
                self._load(read_instrument(Path(path), settings["preset"], int(settings["root"])), context.folder)
            except (OSError, RuntimeError, SoundFileError, SfzError, Sf2Error) as error:
                self.problem = str(error).rstrip(".")
        self.arrays = {"samples": self.samples, "zones": self.zones}

    def _load(self, instrument: Instrument, patch_folder: Path | None) -> None:
        self.remark = instrument.remark
        sounds: dict[str, Sound] = {}
        places: dict[tuple[object, ...], int] = {}
        parts: list[Part] = []
        rows, size = [], 0
        for zone in instrument.zones:
            try:
                sound = sounds.get(zone.sample) or self._open(zone.sample, instrument, patch_folder)
            except (SoundFileError, Sf2Error) as error:
                self.problem = str(error).rstrip(".")
                continue
            sounds[zone.sample] = sound
            end = min(zone.end + 1, sound.frames) if zone.end >= 0 else sound.frames
            loop_end = min(zone.loop_end + 1, end) if zone.loop_end >= 0 else end
            mode = LOOP_MODES.index(zone.loop_mode)
            if not 0 <= zone.loop_start < loop_end and mode >= LOOP_CONTINUOUS:
                self.problem, mode = f"{zone.sample}: the loop is empty, and not played. Correct loop_start", NO_LOOP
            loop = (zone.loop_start, loop_end) if mode == LOOP_CONTINUOUS else None
            if (zone.sample, loop) not in places:
                if size + sound.frames * sound.channels > MAX_SAMPLES:
                    self.problem = f"the samples take more than {MAX_SAMPLES >> 18} MB. Use a smaller instrument"
                    break
                places[zone.sample, loop] = size
                parts.append(Part(sound, size, loop))
                size += sound.frames * sound.channels
            pan, gain = zone.pan / 100.0, 10.0 ** (zone.volume / 20.0)
            sustain = zone.ampeg_sustain / 100.0
            rows.append([
                zone.lokey, zone.hikey, zone.lovel, zone.hivel, places[zone.sample, loop], sound.channels, sound.frames,
                sound.rate, min(max(zone.offset, 0), max(end - 1, 0)), end, mode, zone.loop_start, loop_end,
                zone.pitch_keycenter - zone.transpose - zone.tune / 100.0,
                gain * (1.0 - pan) ** 0.5, gain * (1.0 + pan) ** 0.5,
                zone.ampeg_delay, zone.ampeg_attack, zone.ampeg_hold, zone.ampeg_decay,
                0.0 if instrument.decays_to_silence else sustain, sustain, zone.ampeg_release,
            ])  # fmt: skip
        if rows:
            memory = np.zeros(size, np.float32)
            for part in parts:
                part.write(memory)
            self.samples, self.zones = memory, np.array(rows, np.float64).ravel()

    def _open(self, sample: str, instrument: Instrument, patch_folder: Path | None) -> Sound:
        """Return a sound of an instrument. Raises SoundFileError and Sf2Error."""
        if (bank := instrument.soundfont) is not None:
            found = bank.sounds[sample]
            return Sound(found.frames, found.channels, found.rate, lambda out: bank.write_sound(found, out))
        path = sample_path(sample, instrument.folder, patch_folder)
        if path is None:
            raise SoundFileError(f"{sample}: outside the folder of the patch. Copy it there")
        try:
            values, rate = read_samples(path)
        except SoundFileError as error:
            raise SoundFileError(f"{sample}: {str(error).removeprefix(f'{path}: ')}") from None
        values = finite_samples(values[:, :2])
        self.files.append(path)
        return Sound(len(values), values.shape[1], rate, lambda out: np.copyto(out, values))

    def _add_pluck(self) -> None:
        """Add the sound of a block without a file: middle C, plucked, for two seconds."""
        t, turn = np.arange(2.0 * PLUCK_RATE)[:, None] / PLUCK_RATE, 2.0 * np.pi * 261.6255653
        h = np.arange(1, 13)
        sound = (0.4 / h * np.exp(-t * (1.5 + h)) * np.sin(turn * h * t)).sum(axis=1)
        self.samples = sound.astype(np.float32)
        end = len(sound)
        self.zones = np.array(
            [0, 127, 0, 127, 0, 1, end, PLUCK_RATE, 0, end, ONE_SHOT, 0, end, 60, 1, 1, 0, 0, 0, 0, 1, 1, 0], np.float64
        )

    def service(self) -> None:
        """Do nothing: the sounds are in memory."""

    def close(self) -> None:
        """Do nothing: the files are closed."""


class Instrument(NamedTuple):
    """Zones, the folder that their samples lie in, or the SoundFont that contains them, and a remark or "".

    The decay of a zone falls towards its sustain level, or towards silence if ``decays_to_silence``, until it reaches
    the sustain level.
    """

    zones: list[SampleZone]
    remark: str = ""
    folder: Path = Path()
    soundfont: Sf2Instrument | None = None

    @property
    def decays_to_silence(self) -> bool:
        return self.soundfont is not None


class Sound(NamedTuple):
    """A sound at its own rate (Hz); ``write`` fills float32 (frames, channels)."""

    frames: int
    channels: int
    rate: float
    write: Callable[[np.ndarray], None]


class Part(NamedTuple):
    """A sound at a place in the memory, whose end fades into its loop if it has one, (first frame, frame after it)."""

    sound: Sound
    place: int
    loop: tuple[int, int] | None

    def write(self, memory: np.ndarray) -> None:
        """Write the sound into the memory."""
        size = self.sound.frames * self.sound.channels
        out = memory[self.place : self.place + size].reshape(self.sound.frames, self.sound.channels)
        self.sound.write(out)
        if self.loop:
            start, end = self.loop
            length = round(SEAM_SECONDS * self.sound.rate)
            seam = seam_of(lambda first, count: out[first : first + count], start, end, length, False)
            out[end - len(seam) : end] = seam


def read_instrument(path: Path, preset: str = "", root: int = 60) -> Instrument:
    """Return the instrument of a file; a sound file is one zone, at its own pitch for the key ``root``.

    ``preset`` is that of a SoundFont. Raises SfzError and Sf2Error.
    """
    ending = path.suffix.lower()
    if ending == ".sf2":
        soundfont = read_sf2(path, preset)
        return Instrument(soundfont.zones, soundfont.remark, path.parent, soundfont)
    if ending == ".sfz":
        return Instrument(*read_sfz(path), path.parent)
    return Instrument([SampleZone(sample=path.name, pitch_keycenter=root)], "", path.parent)


def instrument_problem(path: str, preset: str) -> str:
    """Return why an instrument cannot be played, or "" if it can or does not exist."""
    if not path or not Path(path).is_file():
        return ""
    if Path(path).suffix.lower() not in (".sfz", ".sf2"):
        return read_header(path)[1]
    return _file_problem(path, preset, Path(path).stat().st_mtime)


@lru_cache(maxsize=64)
def _file_problem(path: str, preset: str, changed: float) -> str:
    try:
        read_instrument(Path(path), preset)
    except (SfzError, Sf2Error) as error:
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
