"""SoundFont 2 files, changed anywhere or only in their tables, then read and played."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import numpy as np

from nodegraph.blocks.helper import HelperContext
from nodegraph.blocks.sample_bank import ZONE_SIZE, SampleBank, instrument_problem
from nodegraph.files.sf2 import Sf2Error
from tests.sf2_files import Preset, Sample, sf2_bytes, span

from .. import mutate

WEIGHT = 5
ERRORS = (Sf2Error,)
LINES = False
TABLES = [
    b"phdr",
    b"pbag",
    b"pgen",
    b"inst",
    b"ibag",
    b"igen",
    b"shdr",
    b"smpl",
    b"LIST",
    b"\xff\xff",
    b"\0\0",
    b"\x80\0",
]


@cache
def source() -> bytes:
    samples = [Sample(0.5 * np.sin(np.arange(300) * 0.1 * k), (10, 290)) for k in (1, 2, 3)]
    halves = [[(17, 500 * side), (54, 1), (53, k)] for k, side in ((0, -1), (1, 1))]
    split = [[(48, 30)], [(43, span(0, 60)), (56, 50), (53, 2)], [(43, span(61, 127)), (34, 0), (36, 100), (53, 0)]]
    presets = [Preset("Pair", 0, 0, [halves]), Preset("Split", 5, 128, [split, halves], [(44, span(5, 127))])]
    return sf2_bytes(samples, presets)


def attempt(rng: random.Random, folder: Path) -> None:
    data = source()
    tables = data.index(b"pdta") if rng.random() < 0.7 else 0
    path = folder / "a.sf2"
    path.write_bytes(data[:tables] + mutate.bytes_of(data[tables:], rng, TABLES))
    preset = rng.choice(("", "128:5", "split", "5", "\0"))
    instrument_problem(str(path), preset)
    settings = {"file": str(path), "root": 60, "preset": preset}
    bank = SampleBank(HelperContext("s", settings, 1, 44100.0, folder, False))
    assert "\n" not in bank.problem + bank.remark and len(bank.zones) % ZONE_SIZE == 0
    assert np.isfinite(bank.zones).all() and len(bank.samples) < 1 << 20
