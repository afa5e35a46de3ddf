"""Recipes of autoencoders, estimators and mixtures, changed."""

from __future__ import annotations

import random
from pathlib import Path

from nodegraph.estimator import recipe as estimator
from nodegraph.learn import recipe as autoencoder
from nodegraph.learn.errors import LearnError
from nodegraph.mixtures import recipe as mixture
from nodegraph.mixtures.errors import MixtureError

from .. import mutate

WEIGHT = 10
ERRORS = (LearnError, MixtureError)
LINES = False
MODULES = (autoencoder, estimator, mixture)


def attempt(rng: random.Random, folder: Path) -> None:
    module = rng.choice(MODULES)
    source = rng.choice(sorted(module.recipe_files().values()))
    path = folder / f"mine{source.suffix}"
    path.write_bytes(mutate.text_of(source.read_text("utf-8"), rng).encode())
    module.load_recipe(path)
