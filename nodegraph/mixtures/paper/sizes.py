"""The sizes of a reproduction: that of the thesis, and a quick one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from ..image_forms import FORMS
from ..image_mixing import image_bytes
from ..recipe import MixRecipe, load_recipe


@dataclass(frozen=True)
class PaperSize:
    """Sample rate in Hz, the two lengths in s, and the effort.

    ``hop`` and ``transform`` are those of the spectra in samples, ``iterations`` the evaluations of the loss, ``width``
    scales the channels of the network.
    """

    name: str
    rate: float
    long: float
    short: float
    hop: int
    transform: int
    iterations: int
    width: float

    def describe(self) -> str:
        """Return the size in a line."""
        channels = "" if self.width == 1.0 else f", {self.width:g} of the channels of VGG-19"
        return (
            f"{self.name}: {self.rate / 1000:g} kHz, {self.long:g} and {self.short:g} s, transforms of "
            f"{self.transform} samples every {self.hop}, {self.iterations} iterations{channels}"
        )


FULL = PaperSize("full", 44100.0, 5.0, 2.5, 128, 4096, 320, 1.0)
# An image of a quarter of the height and an eighth of the frames, and a sixteenth of the work for each pixel.
QUICK = PaperSize("quick", 22050.0, 2.5, 1.25, 256, 1024, 50, 0.25)


def with_file(size: PaperSize, has_weights: bool) -> PaperSize:
    """Return the size with all channels if the weights of the network are from a file."""
    return replace(size, width=1.0) if has_weights else size


def memory_of(size: PaperSize) -> float:
    """Return an estimate of the memory of the largest mixture of a size, in bytes."""
    estimates = []
    for form in FORMS:
        config = form_recipe(form, size.short, size).image
        assert config is not None
        rows = (size.transform // 2 + 1) / (3 if form == "fold" else 1)
        seconds = size.long if form == "fold" else size.short
        estimates.append(image_bytes(round(rows), round(seconds * size.rate / size.hop), config))
    return max(estimates)


def form_recipe(form: str, seconds: float, size: PaperSize) -> MixRecipe:
    """Return the recipe of the thesis for an image form at a size."""
    recipe = load_recipe(f"thesis-{form}")
    change = msgspec.structs.replace
    return change(
        recipe,
        sound=change(recipe.sound, rate=size.rate, seconds=seconds, hop=size.hop, size=size.transform),
        image=recipe.image and change(recipe.image, width=size.width),
        search=change(recipe.search, iterations=size.iterations),
    )
