"""SoundFont 2 files: the zones of one preset (E-mu, SoundFont Technical Specification 2.04, 2006, chapters 4 to 9)."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from .sample_zone import MAX_ZONES, SampleZone
from .sound_file import rate_problem

MAX_CHUNKS = 1000
MAX_TABLE_BYTES = 16 << 20  # of each table of the file; 16-bit indexes reach 3 MB
MAX_PAIRS = 1 << 16  # zones of a preset times zones of their instruments
MAX_LISTED = 40  # presets in a message
CENTRE_DB = -10.0 * math.log10(2.0)  # of a mono sample in the middle, relative to one at a side

# Generators (section 8.1.2).
START, END, START_LOOP, END_LOOP = 0, 1, 2, 3
START_COARSE, END_COARSE, START_LOOP_COARSE, END_LOOP_COARSE = 4, 12, 45, 50
PAN, DELAY, ATTACK, HOLD, DECAY, SUSTAIN, RELEASE, KEY_TO_HOLD, KEY_TO_DECAY = 17, 33, 34, 35, 36, 37, 38, 39, 40
INSTRUMENT, KEYS, VELOCITIES, ATTENUATION, COARSE_TUNE, FINE_TUNE, SAMPLE, MODES = 41, 43, 44, 48, 51, 52, 53, 54
SCALE_TUNING, ROOT_KEY, LAST_GENERATOR = 56, 58, 60

DEFAULTS = {DELAY: -12000, ATTACK: -12000, HOLD: -12000, DECAY: -12000, RELEASE: -12000, SCALE_TUNING: 100}
ONLY_INSTRUMENTS = {START, END, START_LOOP, END_LOOP, START_COARSE, END_COARSE, START_LOOP_COARSE, END_LOOP_COARSE}
ONLY_INSTRUMENTS |= {46, 47, MODES, 57, ROOT_KEY}
IGNORED = {
    "filters": {8: 13500, 9: 0},
    "vibrato and modulation envelopes": dict.fromkeys((5, 6, 7, 10, 11, 13), 0),
    "reverb and chorus": {15: 0, 16: 0},
    "fixed keys and velocities": {46: -1, 47: -1},
    "exclusive classes": {57: 0},
}  # values without an effect
ROM_SAMPLE, COMPRESSED_SAMPLE = 0x8000, 0x10

PRESETS = np.dtype([("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "V12")])
INSTRUMENTS = np.dtype([("name", "S20"), ("bag", "<u2")])
BAGS = np.dtype([("generator", "<u2"), ("modulator", "<u2")])
GENERATORS = np.dtype([("number", "<u2"), ("amount", "<i2")])
SAMPLES = np.dtype(
    {
        "names": ["name", "start", "end", "start_loop", "end_loop", "rate", "key", "cents", "link", "type"],
        "formats": ["S20", "<u4", "<u4", "<u4", "<u4", "<u4", "u1", "i1", "<u2", "<u2"],
    }
)
TABLES = {"phdr": PRESETS, "pbag": BAGS, "pgen": GENERATORS, "inst": INSTRUMENTS, "ibag": BAGS, "igen": GENERATORS}
TABLES |= {"shdr": SAMPLES}

Values = dict[int, int]  # generator → amount


class Sf2Error(Exception):
    """A SoundFont that cannot be read; the message is one line."""


class SampleSpan(NamedTuple):
    """The first byte in the file of a mono sample of 16 bits, and its left and right gains."""

    place: int
    left: float = 1.0
    right: float = 1.0


class Sf2Sound(NamedTuple):
    """One mono sample, or two that are mixed to a stereo sound; ``rate`` in Hz."""

    frames: int
    rate: float
    parts: tuple[SampleSpan, ...]

    @property
    def channels(self) -> int:
        return len(self.parts)


@dataclass(frozen=True)
class Sf2Instrument:
    """The zones of one preset, whose ``sample`` is a key of ``sounds``, and one sentence about what was ignored."""

    path: Path
    preset: str
    zones: list[SampleZone]
    sounds: dict[str, Sf2Sound]
    remark: str

    def write_sound(self, sound: Sf2Sound, out: np.ndarray) -> None:
        """Read a sound into ``out``, float32 (frames, channels) of zeros. Raises Sf2Error."""
        try:
            with open(self.path, "rb") as file:
                for part in sound.parts:
                    file.seek(part.place)
                    values = np.fromfile(file, "<i2", sound.frames)
                    if len(values) < sound.frames:
                        raise Sf2Error(f"{self.path.name}: became shorter. Open it again.")
                    if sound.channels == 1:
                        np.multiply(values, np.float32(2.0**-15), out=out[:, 0])
                        continue
                    for channel, gain in enumerate((part.left, part.right)):
                        if gain:
                            out[:, channel] += values * np.float32(gain * 2.0**-15)
        except OSError as error:
            raise Sf2Error(f"{self.path.name}: not readable ({error.strerror}). Check the name.") from None


class _Preset(NamedTuple):
    bank: int
    program: int
    name: str
    first: int
    end: int

    @property
    def title(self) -> str:
        return f"{self.bank}:{self.program} {self.name}"


class _Voice(NamedTuple):
    """The generators of a zone of an instrument within a zone of the preset, and its sample."""

    values: Values
    keys: tuple[int, int]
    velocities: tuple[int, int]
    sample: int


class _Layer(NamedTuple):
    """A zone with the generators that it comes from, and its sound."""

    values: Values
    zone: SampleZone
    sound: Sf2Sound

    def centred(self) -> _Layer:
        """Return the layer in the middle, with the power of both halves of a stereo sound."""
        return self._replace(zone=replace(self.zone, pan=0.0, volume=self.zone.volume - CENTRE_DB))


@dataclass
class _Bank:
    """The tables of a file, and where its samples lie: the first byte and the number of samples."""

    name: str
    tables: dict[str, np.ndarray]
    place: int
    frames: int
    ignored: dict[str, None] = field(default_factory=dict)


def read_sf2(path: Path, preset: str = "") -> Sf2Instrument:
    """Return the zones of a preset of a SoundFont, without its samples. Raises Sf2Error.

    ``preset`` is a program (``"40"``, in bank 0), bank and program (``"128:0"``), or a name or a part of it; "" is the
    preset with the lowest bank and program. Velocity scales the amplitude; decay and release times, which are those of
    100 dB in the file, are those of 60 dB in a zone.
    """
    try:
        with open(path, "rb") as file:
            bank = _read_bank(file, path.name)
    except OSError as error:
        raise Sf2Error(f"{path.name}: not readable ({error.strerror}). Check the name.") from None
    chosen = _choose(_presets(bank), preset.strip(), path.name)
    zones, sounds = _zones(bank, _voices(bank, chosen))
    if not zones:
        raise Sf2Error(f"{path.name}: preset '{chosen.title}' has no playable zone. Choose another one.")
    remark = f"{path.name}: ignored {', '.join(bank.ignored)}" if bank.ignored else ""
    return Sf2Instrument(path, chosen.title, zones, sounds, remark)


# -- tables ------------------------------------------------------------------------------------------------------


def _read_bank(file: BinaryIO, name: str) -> _Bank:
    length = os.fstat(file.fileno()).st_size
    header = file.read(12)
    if header[:4] != b"RIFF" or header[8:] != b"sfbk":
        raise Sf2Error(f"{name}: not a SoundFont 2 file. Use another file.")
    tables: dict[str, np.ndarray] = {}
    place = frames = 0
    for kind, at, size in _chunks(file, 12, length, name):
        if kind != "LIST" or size < 4:
            continue
        file.seek(at)
        list_kind = file.read(4)
        if list_kind not in (b"sdta", b"pdta"):
            continue
        for part, start, count in _chunks(file, at + 4, at + size, name):
            if part == "smpl":
                place, frames = start, count // 2
            elif part in TABLES:
                tables[part] = _table(file, part, start, count, name)
    if missing := [part for part in TABLES if part not in tables]:
        raise Sf2Error(f"{name}: damaged, the table '{missing[0]}' is missing. Use another copy.")
    for part, column, target in (
        ("phdr", "bag", "pbag"),
        ("pbag", "generator", "pgen"),
        ("inst", "bag", "ibag"),
        ("ibag", "generator", "igen"),
    ):
        indexes = tables[part][column].astype(np.int64)
        if len(indexes) == 0 or (np.diff(indexes) < 0).any() or indexes[-1] >= max(len(tables[target]), 1):
            raise Sf2Error(f"{name}: damaged, wrong numbers in the table '{part}'. Use another copy.")
    return _Bank(name, tables, place, frames)


def _chunks(file: BinaryIO, at: int, end: int, name: str) -> Iterator[tuple[str, int, int]]:
    """Return name, first byte and size of each RIFF chunk; one that is longer than the file is damage."""
    for _ in range(MAX_CHUNKS):
        if at + 8 > end:
            return
        file.seek(at)
        header = file.read(8)
        size = int.from_bytes(header[4:], "little")
        if at + 8 + size > end:
            raise Sf2Error(f"{name}: damaged or incomplete, it ends early. Use another copy.")
        yield header[:4].decode("latin-1"), at + 8, size
        at += 8 + size + size % 2


def _table(file: BinaryIO, part: str, at: int, size: int, name: str) -> np.ndarray:
    dtype = TABLES[part]
    if size > MAX_TABLE_BYTES or size % dtype.itemsize:
        raise Sf2Error(f"{name}: damaged, wrong size of the table '{part}'. Use another copy.")
    file.seek(at)
    return np.frombuffer(file.read(size), dtype)


# -- presets -----------------------------------------------------------------------------------------------------


def _presets(bank: _Bank) -> list[_Preset]:
    """Return the presets by bank and program; the last record of the table only ends it."""
    table = bank.tables["phdr"]
    return sorted(
        _Preset(int(row["bank"]), int(row["program"]), _text(row["name"]), int(row["bag"]), int(following["bag"]))
        for row, following in zip(table[:-1], table[1:], strict=True)
    )


def _choose(presets: list[_Preset], text: str, name: str) -> _Preset:
    if not presets:
        raise Sf2Error(f"{name}: it has no preset. Use another file.")
    if not text:
        return presets[0]
    bank, _, program = text.rpartition(":")
    numbers = (bank.strip() or "0", program.strip())
    lower = text.lower()
    found: list[_Preset] = []
    if all(part.isdecimal() and len(part) < 6 for part in numbers):
        found = [preset for preset in presets if (preset.bank, preset.program) == (int(numbers[0]), int(numbers[1]))]
    found = found or [preset for preset in presets if preset.name.lower() == lower]
    found = found or [preset for preset in presets if lower in preset.name.lower()]
    if found:
        return found[0]
    near = difflib.get_close_matches(lower[:40], [preset.name.lower() for preset in presets[:1000]], MAX_LISTED, 0.5)
    listed = [preset for preset in presets if preset.name.lower() in near] or presets
    rest = f" and {len(presets) - MAX_LISTED} more" if len(listed) > MAX_LISTED else ""
    titles = ", ".join(preset.title for preset in listed[:MAX_LISTED])
    raise Sf2Error(f"{name}: preset '{text[:40]}' not found. Choose one: {titles}{rest}.")


def _voices(bank: _Bank, preset: _Preset) -> list[_Voice]:
    """Return the zones of the instruments of a preset, with the preset's values added."""
    voices: list[_Voice] = []
    zones_of: dict[int, list[Values]] = {}
    pairs = 0
    for outer in _layer(bank, "pbag", "pgen", preset.first, preset.end, INSTRUMENT):
        number, table = outer[INSTRUMENT], bank.tables["inst"]
        if not 0 <= number < len(table) - 1:
            raise Sf2Error(f"{bank.name}: damaged, instrument {number} is missing. Use another copy.")
        if number not in zones_of:
            first, end = int(table["bag"][number]), int(table["bag"][number + 1])
            zones_of[number] = _layer(bank, "ibag", "igen", first, end, SAMPLE)
        pairs += len(zones_of[number])
        if pairs > MAX_PAIRS:
            raise Sf2Error(f"{bank.name}: preset '{preset.title}' has more than {MAX_ZONES} zones. Use another one.")
        for inner in zones_of[number]:
            keys, velocities = _shared(outer, inner, KEYS), _shared(outer, inner, VELOCITIES)
            if keys[0] > keys[1] or velocities[0] > velocities[1]:
                continue
            values = DEFAULTS | inner
            for generator, amount in outer.items():
                if generator not in ONLY_INSTRUMENTS:
                    values[generator] = values.get(generator, 0) + amount
            voices.append(_Voice(values, keys, velocities, inner[SAMPLE]))
            if len(voices) > MAX_ZONES:
                raise Sf2Error(
                    f"{bank.name}: preset '{preset.title}' has more than {MAX_ZONES} zones. Use another one."
                )
    return voices


def _layer(bank: _Bank, bags: str, generators: str, first: int, end: int, last: int) -> list[Values]:
    """Return the generators of zones, each up to the generator ``last``; a first zone without it is their default."""
    starts, table = bank.tables[bags], bank.tables[generators]
    shared: Values = {}
    zones: list[Values] = []
    for bag in range(first, end):
        at, stop = int(starts["generator"][bag]), int(starts["generator"][bag + 1])
        if starts["modulator"][bag] != starts["modulator"][bag + 1]:
            bank.ignored["modulators"] = None
        rows = table[at:stop]
        rows = rows[rows["number"] <= LAST_GENERATOR]
        values = dict(zip(rows["number"].tolist(), rows["amount"].tolist(), strict=True))
        if last in values:
            zones.append(shared | values)
            zones[-1][last] &= 0xFFFF
        elif bag == first:
            shared = values
    return zones


def _shared(outer: Values, inner: Values, generator: int) -> tuple[int, int]:
    """Return the range of keys or velocities that two zones have in common."""
    first, second = outer.get(generator, 127 << 8), inner.get(generator, 127 << 8)
    return max(first & 0xFF, second & 0xFF), min(first >> 8 & 0xFF, second >> 8 & 0xFF, 127)


# -- zones -------------------------------------------------------------------------------------------------------


def _zones(bank: _Bank, voices: list[_Voice]) -> tuple[list[SampleZone], dict[str, Sf2Sound]]:
    """Return the zones and their sounds: of several layers of a key and velocity, the loudest.

    Two layers that differ only in sample, level and pan become one stereo zone. Where another half of a stereo sound is
    left out, the remaining one is in the middle.
    """
    groups: dict[SampleZone, list[_Layer]] = {}
    for voice in voices:
        if (layer := _layer_of(bank, voice)) is not None:
            groups.setdefault(replace(layer.zone, sample="", volume=0.0, pan=0.0, end=-1), []).append(layer)
    owners = np.full((128, 128), -1)
    kept: list[_Layer] = []
    for layers in sorted(groups.values(), key=lambda layers: -layers[0].zone.volume):
        first = layers[0]
        area = owners[first.zone.lokey : first.zone.hikey + 1, first.zone.lovel : first.zone.hivel + 1]
        mixed = len(layers) > 1 and _fit(*layers[:2])
        if area.size == 0:
            continue
        if (area >= 0).any() or len(layers) > 1 + mixed:
            bank.ignored["quieter layers of the same keys"] = None
        for generators, idle in IGNORED.items():
            if any(first.values.get(number, value) != value for number, value in idle.items()):
                bank.ignored[generators] = None
        for owner in np.unique(area[area >= 0]).tolist():
            if _are_halves(kept[owner].zone, first.zone):
                kept[owner] = kept[owner].centred()
        if (area >= 0).all():
            continue
        area[area < 0] = len(kept)
        if mixed:
            kept.append(_mixed(*layers[:2]))
        else:
            zone = replace(first.zone, volume=first.zone.volume + CENTRE_DB)
            kept.append(first._replace(zone=zone))
            if any(_are_halves(layer.zone, zone) for layer in layers[1:]):
                kept[-1] = kept[-1].centred()
    zones: list[SampleZone] = []
    for layer in kept:
        zones += _split(layer.zone, layer.values)
        if len(zones) > MAX_ZONES:
            raise Sf2Error(f"{bank.name}: the preset has more than {MAX_ZONES} zones. Use another one.")
    return zones, {layer.zone.sample: layer.sound for layer in kept}


def _layer_of(bank: _Bank, voice: _Voice) -> _Layer | None:
    """Return the zone of a mono sample, or None if the sample is not in the file. Raises Sf2Error."""
    table, values = bank.tables["shdr"], voice.values
    if voice.sample >= len(table) - 1:
        raise Sf2Error(f"{bank.name}: damaged, sample {voice.sample} is missing. Use another copy.")
    row = table[voice.sample]
    if row["type"] & COMPRESSED_SAMPLE:
        raise Sf2Error(f"{bank.name}: compressed samples (SoundFont 3) are unsupported. Convert it to SoundFont 2.")
    name, start, end, rate = _text(row["name"]), int(row["start"]), int(row["end"]), float(row["rate"])
    if row["type"] & ROM_SAMPLE or not start < end <= bank.frames or rate_problem(rate):
        bank.ignored[f"sample '{name}', which is not in the file"] = None
        return None
    frames = end - start

    def shifted(place: int, fine: int, coarse: int) -> int:
        return place - start + values.get(fine, 0) + 32768 * values.get(coarse, 0)

    def seconds(generator: int) -> float:
        return _seconds(values[generator])

    mode = {1: "loop_continuous", 3: "loop_sustain"}.get(values.get(MODES, 0) & 3, "no_loop")
    last = min(shifted(end, END, END_COARSE), frames)
    loop = shifted(int(row["start_loop"]), START_LOOP, START_LOOP_COARSE)
    loop_end = min(shifted(int(row["end_loop"]), END_LOOP, END_LOOP_COARSE), last)
    if mode != "no_loop" and not 0 <= loop < loop_end:
        bank.ignored[f"the empty loop of sample '{name}'"] = None
        mode = "no_loop"
    root = values.get(ROOT_KEY, -1)
    root = root if 0 <= root <= 127 else int(row["key"]) if row["key"] < 128 else 60
    tune = int(row["cents"]) + values.get(FINE_TUNE, 0) + 100 * values.get(COARSE_TUNE, 0)
    zone = SampleZone(
        f"{name} ({voice.sample})", *voice.keys, root, *voice.velocities, mode,
        loop if mode != "no_loop" else 0, loop_end - 1 if mode != "no_loop" else -1,
        offset=min(max(shifted(start, START, START_COARSE), 0), frames - 1),
        end=max(last, 1) - 1,
        volume=-min(max(values.get(ATTENUATION, 0), 0), 1440) / 10.0,
        pan=min(max(values.get(PAN, 0), -500), 500) / 5.0,
        tune=float(min(max(tune, -12700), 12700)),
        ampeg_delay=seconds(DELAY), ampeg_attack=seconds(ATTACK), ampeg_hold=seconds(HOLD),
        ampeg_decay=0.6 * seconds(DECAY), ampeg_release=0.6 * seconds(RELEASE),
        ampeg_sustain=_sustain(values.get(SUSTAIN, 0)),
    )  # fmt: skip
    return _Layer(values, zone, Sf2Sound(frames, rate, (SampleSpan(bank.place + 2 * start),)))


def _are_halves(a: SampleZone, b: SampleZone) -> bool:
    """Return whether two zones are at opposite sides, most of their power at one."""
    return min(a.pan, b.pan) <= -50.0 and max(a.pan, b.pan) >= 50.0


def _fit(first: _Layer, second: _Layer) -> bool:
    """Return whether two samples of a zone play at one speed, and end together or loop."""
    a, b = first.sound, second.sound
    looped = first.zone.loop_mode == "loop_continuous" and first.zone.loop_end < min(a.frames, b.frames)
    return a.rate == b.rate and (looped or abs(a.frames - b.frames) <= 0.01 * a.frames)


def _mixed(first: _Layer, second: _Layer) -> _Layer:
    """Return a stereo zone of two samples, with their pans and the level of the second relative to the first."""
    parts = []
    for layer in (first, second):
        gain, pan = 10.0 ** ((layer.zone.volume - first.zone.volume) / 20.0), layer.zone.pan / 200.0
        parts.append(SampleSpan(layer.sound.parts[0].place, gain * (0.5 - pan) ** 0.5, gain * (0.5 + pan) ** 0.5))
    gains = " ".join(f"{gain:.6g}" for part in parts for gain in part[1:])
    zone = replace(
        first.zone,
        sample=f"{first.zone.sample} and {second.zone.sample}, {gains}",
        pan=0.0,
        end=min(first.zone.end, second.zone.end),
    )
    frames = min(first.sound.frames, second.sound.frames)
    return first._replace(zone=zone, sound=Sf2Sound(frames, first.sound.rate, tuple(parts)))


def _split(zone: SampleZone, values: Values) -> list[SampleZone]:
    """Return a zone for each key if tuning, hold or decay depend on the key in another way than a zone can."""
    scale, to_hold, to_decay = values[SCALE_TUNING], values.get(KEY_TO_HOLD, 0), values.get(KEY_TO_DECAY, 0)
    if scale == 100 and not to_hold and not to_decay:
        return [zone]
    return [
        replace(
            zone,
            lokey=key,
            hikey=key,
            tune=zone.tune + (key - zone.pitch_keycenter) * (min(max(scale, 0), 1200) - 100.0),
            ampeg_hold=_seconds(values[HOLD] + to_hold * (60 - key)),
            ampeg_decay=0.6 * _seconds(values[DECAY] + to_decay * (60 - key)),
        )
        for key in range(zone.lokey, zone.hikey + 1)
    ]


def _seconds(timecents: int) -> float:
    return 2.0 ** (min(timecents, 8000) / 1200.0) if timecents > -12000 else 0.0


def _sustain(centibels: int) -> float:
    """Return the sustain level in percent; 100 dB below the peak is silence."""
    return 100.0 * 10.0 ** (-max(centibels, 0) / 200.0) if centibels < 1000 else 0.0


def _text(name: bytes) -> str:
    return " ".join(
        "".join(c if c.isprintable() else " " for c in bytes(name).split(b"\0")[0].decode("latin-1")).split()
    )
