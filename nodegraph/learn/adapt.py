"""Adaptation of a trained model to other recordings: its layers and features, trained on for a minute."""

from __future__ import annotations

import numpy as np
import torch

from nodegraph.models.autoencoder import Autoencoder, Layer

from .errors import LearnError
from .network import LayerPair
from .recipe import FeatureConfig, FrameConfig, LayerConfig, Recipe, TrainingConfig

EPOCHS = 40
MINUTES = 0.75
RATE = 3e-4  # small, so that the first steps do not destroy what the model knows
FRAMES = 20_000


def recipe_from(model: Autoencoder) -> Recipe:
    """Return the recipe that trains a model on: its features and layers, Adam at a small rate. Raises LearnError.

    Weights of a layer without negative ones stay so.
    """
    if len(model.encoder) != len(model.decoder):
        raise LearnError(
            f"a model to adapt needs as many encoder as decoder layers, got {len(model.encoder)} and "
            f"{len(model.decoder)}. Train a new one."
        )
    layers = tuple(_config(*pair) for pair in zip(model.encoder, reversed(model.decoder)))
    training = TrainingConfig(
        epochs=EPOCHS,
        minutes=MINUTES,
        rate=RATE,
        reduction="sum",
        schedule="cosine",
        warm_up=0.05,
        precision="bfloat16",
    )
    name = str(model.card.get("recipe", "")) or "model"
    return Recipe(
        layers=layers,
        name=name,
        description=f"adapted from a model of recipe {name}",
        features=FeatureConfig(**model.features.to_dict()),
        frames=FrameConfig(most=FRAMES),
        training=training,
    )


def pairs_from(model: Autoencoder, recipe: Recipe, device: torch.device) -> list[LayerPair]:
    """Return the layers of a model as trainable pairs."""
    found = []
    for config, encoder, decoder in zip(recipe.layers, model.encoder, reversed(model.decoder)):
        biases = [_bias(layer) if config.bias else None for layer in (encoder, decoder)]
        tensors = [
            None if values is None else torch.tensor(values, dtype=torch.float32, device=device).requires_grad_()
            for values in (encoder.weight, decoder.weight, *biases)
        ]
        assert tensors[0] is not None
        found.append(LayerPair(config, tensors[0], *tensors[1:]))
    return found


def _config(encoder: Layer, decoder: Layer) -> LayerConfig:
    is_positive = min(encoder.weight.min(), decoder.weight.min()) >= 0.0
    return LayerConfig(
        units=encoder.outputs,
        encoder=encoder.activation,  # type: ignore[arg-type]
        decoder=decoder.activation,  # type: ignore[arg-type]
        slope=encoder.slope if encoder.activation == "leaky" else decoder.slope,
        bias=encoder.bias is not None or decoder.bias is not None,
        decay_negative=1.0 if is_positive else 0.0,
    )


def _bias(layer: Layer) -> np.ndarray:
    return np.zeros(layer.outputs, np.float32) if layer.bias is None else layer.bias
