"""Train a tiny autoencoder on sound from a patch, in seconds, and play its decoder."""

import sys
from pathlib import Path

import nodegraph
import nodegraph.learn

ROOT = Path(__file__).resolve().parents[1]
out = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()

recipe = {
    "features": {"size": 512, "hop": 256, "power": 0.5, "normalise": "frame"},
    "layers": [{"units": 8, "encoder": "leaky", "slope": 0.1}],
    "training": {"epochs": 60, "rate": 3e-3},
}
trained = nodegraph.learn.train(ROOT / "patches" / "bells.json", out / "tiny.safetensors", recipe, patch_seconds=20.0)
relative = trained.errors["magnitudes"]["test"]["relative"]
print(
    f"{trained.path}: {trained.seconds:.1f} s, error on unseen frames relative to predicting the mean: {relative:.2f}"
)

patch = nodegraph.Patch(path=out / "drone.json")  # files are looked up in the patch's folder
patch.add("latent_source", id="code", units=8, size=512, hop=256, gain=1.0)
patch.add("decoder", id="decoder", file="tiny.safetensors")
patch.add("momentum_rtisi", id="phases")
patch.add("audio_out", id="out")
patch.connect("code.code", "decoder.code")
patch.connect("code.level", "decoder.level")
patch.connect("decoder.magnitude", "phases.magnitude")
patch.connect("phases.out", "out.audio")
patch.save()
nodegraph.render(patch, seconds=2.0, rate=22050.0).save(out / "drone.wav")
