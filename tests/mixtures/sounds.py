"""Short sounds and small recipes for mixtures."""

import msgspec
import numpy as np

from nodegraph.mixtures.recipe import ImageConfig, MixRecipe, MixSound, PhaseConfig, SearchConfig, TextureConfig

RATE = 8000
SECONDS = 0.3


def melody(seconds=SECONDS, rate=RATE):
    """Return three harmonic notes, float32."""
    t = np.arange(round(seconds * rate)) / rate
    note = np.minimum((3 * t / seconds).astype(int), 2)
    pitch = np.array([200.0, 300.0, 250.0])[note]
    return sum(0.3 / h * np.sin(2 * np.pi * h * pitch * t) for h in range(1, 6)).astype(np.float32)


def rain(seconds=SECONDS, rate=RATE):
    """Return bursts of noise, 20 a second, float32."""
    t = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(0).normal(size=len(t))
    return (0.2 * noise * np.exp(-40.0 * (t % 0.05))).astype(np.float32)


SMALL_SOUND = MixSound(rate=RATE, seconds=SECONDS, window=128, hop=32, size=128)
TEXTURE = MixRecipe(
    name="small-texture",
    sound=SMALL_SOUND,
    texture=TextureConfig(content=0.5, bands=32, octaves=4, smoothing=2.0, refine=20),
    search=SearchConfig(rate=0.02, iterations=40, rounds_of=10),
    phase=PhaseConfig("momentum_rtisi", 3, 5),
)


def image_recipe(form="fold", **options):
    """Return a recipe of a narrow VGG-19 on zero-padded spectra."""
    return MixRecipe(
        name=f"small-{form}",
        sound=msgspec.structs.replace(SMALL_SOUND, size=256),
        image=ImageConfig(form=form, width=1 / 32, **options),
        search=SearchConfig(rate=1.0, iterations=12, rounds_of=4),
        phase=PhaseConfig("rtisi_la", 7, 3),
    )


def toml_of(recipe):
    """Return the text of a recipe file."""
    import json

    lines = []
    for table, entries in recipe.plain().items():
        if isinstance(entries, dict):
            lines.append(f"[{table}]")
            for key, value in entries.items():
                if isinstance(value, dict):
                    inner = ", ".join(f"{name} = {number}" for name, number in value.items())
                    lines.append(f"{key} = {{ {inner} }}")
                else:
                    lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join(lines)
