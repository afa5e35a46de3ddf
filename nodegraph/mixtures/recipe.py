"""Recipes: all configuration of a mixture, as plain data in one TOML file.

Recipes in ``nodegraph/mixtures/recipes/`` are found by name; adding a file adds a recipe. Every entry has a default,
defined here. A recipe has either a table ``image`` or a table ``texture``.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from nodegraph.learn.recipe_file import files_in, read_recipe
from nodegraph.patch.errors import suggest

from .errors import MixtureError
from .vgg_layers import layer_shapes

FOLDER = Path(__file__).parent / "recipes"
DEFAULT = "texture"
STYLE_WEIGHTS = ("levels", "correlation", "modulation")  # of a texture, which a weight of the style multiplies
QUICK_RATE, QUICK_SECONDS, QUICK_ITERATIONS = 22050.0, 2.5, 60
PREVIEW_SECONDS, PREVIEW_ITERATIONS = 5.0, 40

Weight = Annotated[float, Meta(ge=0.0, le=1e12)]
Count = Annotated[int, Meta(ge=1, le=100_000)]
Start = Literal["noise", "content"]
Size = Literal[64, 128, 256, 512, 1024, 2048, 4096, 8192]


class MixSound(Struct, frozen=True, forbid_unknown_fields=True):
    """The sounds: at most ``seconds`` at ``rate`` Hz, and their spectra.

    Windows of ``window`` samples every ``hop`` samples are followed by zeros up to ``size``, the transform.
    """

    rate: Annotated[float, Meta(ge=1000.0, le=192_000.0)] = 22050.0
    seconds: Annotated[float, Meta(ge=0.05, le=600.0)] = 5.0
    window: Size = 1024
    hop: Annotated[int, Meta(ge=16, le=4096)] = 256
    size: Size = 1024


class ImageConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Style transfer on images by VGG-19; see ``image_forms``, ``vgg19``, ``image_losses``.

    ``content`` and ``style`` are the weights of the losses of layers, ``variation`` that of the total variation.
    ``weights`` says which program trained a file of weights. ``width`` scales the channels of all layers.
    """

    form: Literal["fold", "replicate", "split"] = "fold"
    start: Start = "noise"
    content: dict[str, Weight] = msgspec.field(default_factory=lambda: {"conv4_2": 0.001})
    style: dict[str, Weight] = msgspec.field(
        default_factory=lambda: {f"conv{block}_1": 0.2e6 for block in range(1, 6)},
    )
    variation: Weight = 0.1e-7
    weights: Literal["torchvision", "caffe"] = "torchvision"
    width: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0


class TextureConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Statistics of logarithmic bands; see ``texture_mixing``, and for loops without content ``texture_loop``.

    ``range`` is that of the log magnitudes, in dB. The gains that filter the content are averaged over bands with the
    deviation ``smoothing``: a higher one keeps more of the pitches of the content. With the start ``noise`` they filter
    noise, each for itself. Then the samples are refined, by ``refine`` evaluations. Sounds longer than ``piece``
    seconds are mixed in pieces that overlap by ``overlap`` seconds.

    The other entries are the weights of the losses: ``content`` of the levels of the content, and those of the style,
    ``levels`` of the distribution of levels in each band, ``correlation`` of the correlations between bands,
    ``modulation`` of those in octaves of modulation frequencies.
    """

    start: Start = "content"
    piece: Annotated[float, Meta(gt=0.0, le=60.0)] = 10.0
    overlap: Annotated[float, Meta(gt=0.0, le=10.0)] = 1.0

    bands: Annotated[int, Meta(ge=8, le=1024)] = 256
    octaves: Annotated[int, Meta(ge=1, le=12)] = 8
    range: Annotated[float, Meta(ge=20.0, le=120.0)] = 60.0
    smoothing: Annotated[float, Meta(ge=0.0, le=100.0)] = 0.0
    content: Weight = 1.5
    levels: Weight = 1.0
    correlation: Weight = 0.5
    modulation: Weight = 0.2
    refine: Annotated[int, Meta(ge=0, le=100_000)] = 200


class SearchConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The optimisation: ``iterations`` evaluations of the loss and its gradient, in rounds; see ``optimise``.

    ``rate`` is the mean change of the values (colours in 0…255, or log levels): of Adam in each step, of L-BFGS in its
    first try.
    """

    optimiser: Literal["l-bfgs", "adam"] = "l-bfgs"
    rate: Annotated[float, Meta(gt=0.0, le=1000.0)] = 1.0
    iterations: Count = 320
    rounds_of: Count = 40


class PhaseConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Reconstruction of the phases.

    ``rtisi_la`` starts without phases, ``momentum_rtisi`` and ``fast_griffin_lim`` start from those of the content, and
    ``content`` keeps them.
    """

    method: Literal["rtisi_la", "momentum_rtisi", "fast_griffin_lim", "content"] = "rtisi_la"
    look_ahead: Annotated[int, Meta(ge=0, le=31)] = 7
    iterations: Annotated[int, Meta(ge=1, le=1000)] = 5


class MixRecipe(Struct, frozen=True, forbid_unknown_fields=True):
    """All configuration of a mixture."""

    name: str = ""
    description: str = ""
    sound: MixSound = MixSound()
    image: ImageConfig | None = None
    texture: TextureConfig | None = None
    search: SearchConfig = SearchConfig()
    phase: PhaseConfig = PhaseConfig()

    def plain(self) -> dict[str, Any]:
        """Return the recipe as JSON-compatible data."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain


@cache
def recipe_files() -> dict[str, Path]:
    """Return the built-in recipes: name → file."""
    return files_in(FOLDER)


def load_recipe(recipe: str | os.PathLike[str] | MixRecipe) -> MixRecipe:
    """Load a recipe by name or from a .toml file. Raises MixtureError."""
    if isinstance(recipe, MixRecipe):
        return _checked(recipe, recipe.name or "recipe")
    found, path = read_recipe(recipe, MixRecipe, recipe_files(), MixtureError)
    return _checked(found, str(path))


def with_options(
    recipe: MixRecipe,
    quick: bool = False,
    seconds: float | None = None,
    iterations: int | None = None,
    style_weight: float | None = None,
    *,
    content_weight: float | None = None,
    start: Start | None = None,
    preview: bool = False,
) -> MixRecipe:
    """Return a recipe with options.

    ``quick`` limits rate, duration and iterations; ``preview``, for textures, duration and iterations. The
    weights are factors of those of the recipe. Raises MixtureError.
    """
    replace = msgspec.structs.replace
    sound, search, image, texture = recipe.sound, recipe.search, recipe.image, recipe.texture
    if content_weight == style_weight == 0.0:
        raise MixtureError("the weights of content and style are both 0. Raise one of them.")
    if quick:
        sound = replace(sound, rate=min(sound.rate, QUICK_RATE), seconds=seconds or min(sound.seconds, QUICK_SECONDS))
        search = replace(search, iterations=min(search.iterations, QUICK_ITERATIONS))
    if preview:
        if texture is None:
            raise MixtureError(f"recipe '{recipe.name}' has no preview. Use --quick.")
        sound = replace(sound, seconds=min(sound.seconds, PREVIEW_SECONDS))
        search = replace(search, iterations=min(search.iterations, PREVIEW_ITERATIONS))
    sound = replace(sound, seconds=seconds or sound.seconds)
    search = replace(search, iterations=iterations or search.iterations)
    if image is not None:
        image = replace(image, start=start or image.start)
        if content_weight is not None:
            image = replace(image, content={name: content_weight * x for name, x in image.content.items()})
        if style_weight is not None:
            image = replace(image, style={name: style_weight * x for name, x in image.style.items()})
    if texture is not None:
        texture = replace(texture, start=start or texture.start)
        if quick or preview or iterations:
            texture = replace(texture, refine=min(texture.refine, search.iterations))
        if content_weight is not None:
            texture = replace(texture, content=content_weight * texture.content)
        if style_weight is not None:
            weights = {name: style_weight * getattr(texture, name) for name in STYLE_WEIGHTS}
            texture = replace(texture, **weights)
    return replace(recipe, sound=sound, search=search, image=image, texture=texture)


def _checked(recipe: MixRecipe, subject: str) -> MixRecipe:
    """Return a recipe whose entries fit together. Raises MixtureError."""
    sound = recipe.sound
    if (recipe.image is None) == (recipe.texture is None):
        raise MixtureError(f"{subject}: must have one of the tables image and texture. Correct the file.")
    if sound.window > sound.size or sound.hop > sound.window // 2:
        raise MixtureError(
            f"{subject}: sound.window must be at most sound.size, and sound.hop at most half of it. Correct the file."
        )
    if recipe.image is not None:
        layers = layer_shapes()
        for name in (*recipe.image.content, *recipe.image.style):
            if name not in layers:
                raise MixtureError(f"{subject}: unknown layer '{name}'.{suggest(name, layers)} Correct the file.")
    elif sound.window != sound.size:
        raise MixtureError(f"{subject}: sound.window and sound.size must be equal for a texture. Correct the file.")
    if recipe.texture is not None and 3.0 * recipe.texture.overlap > recipe.texture.piece:
        raise MixtureError(f"{subject}: texture.overlap must be at most a third of texture.piece. Correct the file.")
    return recipe
