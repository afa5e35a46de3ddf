"""SoundFont 2 files of a few samples, written for tests."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

RATE = 44100
Generators = Sequence[tuple[int, int]]  # (number, amount) in the order of the file


@dataclass
class Sample:
    """A mono sample, with its loop in frames, its key, its correction in cents and its type."""

    values: np.ndarray
    loop: tuple[int, int] = (0, 0)
    key: int = 60
    cents: int = 0
    rate: int = RATE
    type: int = 1


@dataclass
class Preset:
    """A preset of one zone for each instrument; an instrument is a list of zones."""

    name: str = "Piano"
    program: int = 0
    bank: int = 0
    instruments: Sequence[Sequence[Generators]] = ()
    generators: Generators = field(default_factory=tuple)


def span(low: int, high: int) -> int:
    """Return a range as the amount of a generator."""
    return low | high << 8


def sf2_bytes(samples: Sequence[Sample], presets: Sequence[Preset], modulators: int = 0) -> bytes:
    """Return the bytes of a SoundFont. The instruments of the presets have ``modulators`` modulators each."""
    phdr, pbag, pgen, inst, ibag, igen, shdr = (b"" for _ in range(7))
    instruments = mods = 0
    for preset in presets:
        phdr += struct.pack("<20sHHHIII", preset.name.encode(), preset.program, preset.bank, len(pbag) // 4, 0, 0, 0)
        for zones in preset.instruments:
            pbag += struct.pack("<HH", len(pgen) // 4, 0)
            pgen += _generators([*preset.generators, (41, instruments)])
            inst += struct.pack("<20sH", f"i{instruments}".encode(), len(ibag) // 4)
            instruments += 1
            for zone in zones:
                ibag += struct.pack("<HH", len(igen) // 4, mods)
                igen += _generators(zone)
            mods += modulators
    phdr += struct.pack("<20sHHHIII", b"EOP", 0, 0, len(pbag) // 4, 0, 0, 0)
    pbag += struct.pack("<HH", len(pgen) // 4, 0)
    inst += struct.pack("<20sH", b"EOI", len(ibag) // 4)
    ibag += struct.pack("<HH", len(igen) // 4, mods)
    smpl = b""
    for k, sample in enumerate(samples):
        at = len(smpl) // 2
        places = (at, at + len(sample.values), at + sample.loop[0], at + sample.loop[1])
        smpl += (np.round(sample.values * 32768).astype("<i2")).tobytes() + bytes(92)
        shdr += struct.pack(
            "<20s5IBbHH", f"s{k}".encode(), *places, sample.rate, sample.key, sample.cents, 0, sample.type
        )
    shdr += struct.pack("<20s5IBbHH", b"EOS", *(0,) * 9)
    tables = (
        _chunk(b"phdr", phdr) + _chunk(b"pbag", pbag) + _chunk(b"pmod", bytes(10)) + _chunk(b"pgen", pgen + bytes(4))
    )
    tables += _chunk(b"inst", inst) + _chunk(b"ibag", ibag) + _chunk(b"imod", bytes(10 + 10 * mods))
    tables += _chunk(b"igen", igen + bytes(4)) + _chunk(b"shdr", shdr)
    body = _chunk(b"LIST", b"INFO" + _chunk(b"ifil", struct.pack("<HH", 2, 4)))
    body += _chunk(b"LIST", b"sdta" + _chunk(b"smpl", smpl)) + _chunk(b"LIST", b"pdta" + tables)
    return _chunk(b"RIFF", b"sfbk" + body)


def _generators(values: Generators) -> bytes:
    return b"".join(struct.pack("<HH", number, amount & 0xFFFF) for number, amount in values)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
