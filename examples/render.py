"""Render a patch file to a sound file, once as saved and once with a changed parameter."""

import sys
from pathlib import Path

import numpy as np

import nodegraph

ROOT = Path(__file__).resolve().parents[1]
out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

patch = nodegraph.load(ROOT / "patches" / "fm_subtractive.json")
sound = nodegraph.render(patch, seconds=2.0)  # float32, (samples, channels)
sound.save(out / "saved.wav")

patch.set("filter.cutoff", 300.0)
darker = nodegraph.render(patch, seconds=2.0)
darker.save(out / "darker.wav")

for name, samples in (("saved", sound), ("darker", darker)):
    rms = np.sqrt(np.mean(np.square(samples)))
    print(f"{name}.wav: {samples.shape[0] / samples.rate:.1f} s, {samples.shape[1]} channels, RMS {rms:.3f}")
