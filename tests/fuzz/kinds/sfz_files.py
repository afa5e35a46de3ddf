"""SFZ instruments, changed, with sounds beside them and elsewhere."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from nodegraph.blocks.helper import HelperContext
from nodegraph.blocks.sample_bank import ZONE_SIZE, SampleBank
from nodegraph.files.sfz import SfzError, parse_sfz

from .. import mutate

WEIGHT = 5
ERRORS = (SfzError,)
LINES = False
SOURCE = """<control> default_path=./
<global> volume=-6 ampeg_release=0.5 tune=12 // a comment
<group> key=c#4 lovel=10 loop_mode=loop_continuous loop_start=5 loop_end=90
<region> sample=a.wav hivel=64 <region> sample=../secret.wav offset=20 end=50
<group> <region> sample=a.wav hikey=60 pitch_keycenter=36 transpose=-12 loop_mode=one_shot ampeg_sustain=20
"""


@cache
def sound() -> np.ndarray:
    return np.sin(np.arange(300) * 0.1)


def attempt(rng: random.Random, folder: Path) -> None:
    soundfile.write(folder / "a.wav", sound(), 8000)
    path = folder / "a.sfz"
    text = mutate.text_of(SOURCE, rng)
    path.write_bytes(text.encode())
    bank = SampleBank(HelperContext("s", {"file": str(path), "root": 60, "preset": ""}, 1, 44100.0, folder, False))
    assert "\n" not in bank.problem and len(bank.zones) % ZONE_SIZE == 0
    parse_sfz(text, path.name)
