"""Train a small autoencoder on a folder of recordings and play its decoder: ``python train.py FOLDER``."""

import sys

import nodegraph
from nodegraph.learn import train

trained = train(sys.argv[1], "mine.safetensors", recipe="quick", epochs=2)
code, features = trained.model.code, trained.model.features
print(f"{trained.model.bins} bins to {code} units in {trained.seconds:.0f} s")

patch = nodegraph.Patch(path="mine.json")  # a model is found in the folder of the patch
patch.add("latent_source", "faders", units=code, size=features.size, hop=features.hop)
patch.add("decoder", "decoder", file="mine.safetensors")
patch.add("rtisi_la", "phase")
patch.add("audio_out", "out")
for port in ("code", "level"):
    patch.connect(f"faders.{port}", f"decoder.{port}")
patch.connect("decoder.magnitude", "phase.magnitude")
patch.connect("phase.out", "out.audio")
patch.set("faders.gain", [1.0] * code)
sound = nodegraph.render(patch, seconds=1.0, rate=features.rate)
print(f"{len(sound) / sound.rate:.1f} s of sound")
