"""Build a patch, render it into an array, and save the sound and the patch."""

import numpy as np

import nodegraph

patch = nodegraph.Patch()
patch.add("saw", "osc", frequency=[110.0, 165.0])  # two values: two lanes, heard left and right
patch.add("ladder", "filter", resonance=0.6)
patch.add("lfo", "sweep", frequency=0.5, amplitude=600.0, offset=900.0)
patch.add("audio_out", "out")
patch.connect("osc.out", "filter.audio")
patch.connect("sweep.out", "filter.cutoff")
patch.connect("filter.out", "out.audio")

try:
    patch.set("filter.resonance", 3.0)
except nodegraph.PatchError as error:  # mistakes are reported in the line that makes them
    print(error)

sound = nodegraph.render(patch, seconds=2.0, rate=48000.0)  # float32, (samples, channels)
print(f"{sound.shape[0]} samples, {sound.shape[1]} channels, peak {np.abs(sound).max():.2f}")
sound.save("sweep.wav")
patch.save("sweep.json")
