"""The trainable network: pairs of dense layers, an encoder and a decoder layer each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F

from nodegraph.models.autoencoder import Layer

from .activations import activate
from .initialisers import initial_weights
from .recipe import LayerConfig


@dataclass(eq=False)
class LayerPair:
    """An autoencoder with one hidden layer: ``h = f(W x + b)``, ``y = g(V h + c)``; ``V = Wᵀ`` if tied."""

    config: LayerConfig
    weight: torch.Tensor  # (units, inputs)
    back: torch.Tensor | None  # (inputs, units); None if tied
    bias: torch.Tensor | None
    back_bias: torch.Tensor | None

    @property
    def decoder_weight(self) -> torch.Tensor:
        """Decoder weights (inputs, units); the transposed encoder weights if tied."""
        return self.weight.T if self.back is None else self.back

    @property
    def weights(self) -> list[torch.Tensor]:
        """All weight matrices."""
        return [self.weight] if self.back is None else [self.weight, self.back]

    @property
    def biases(self) -> list[torch.Tensor]:
        """All bias vectors; empty without biases."""
        return [bias for bias in (self.bias, self.back_bias) if bias is not None]

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Compute units (frames, units) from inputs (frames, inputs)."""
        return activate(F.linear(x, self.weight, self.bias), self.config.encoder, self.config.slope)

    def decode(self, h: torch.Tensor) -> torch.Tensor:
        """Compute outputs (frames, inputs) from units (frames, units)."""
        y = F.linear(h, self.decoder_weight, self.back_bias)
        return activate(y, self.config.decoder, self.config.slope)

    def layers(self) -> tuple[Layer, Layer]:
        """Return the encoder and the decoder layer as NumPy data."""
        config = self.config
        bias, back_bias = (None if b is None else _plain(b) for b in (self.bias, self.back_bias))
        return (
            Layer(_plain(self.weight), bias, config.encoder, config.slope),
            Layer(_plain(self.decoder_weight), back_bias, config.decoder, config.slope),
        )


@dataclass(eq=False)
class Network:
    """Pairs from the outermost to the innermost: ``encode`` applies them in order, ``decode`` in reverse."""

    pairs: Sequence[LayerPair]
    hidden: list[torch.Tensor] = field(default_factory=list)  # units of the last training pass, one tensor per pair

    @property
    def parameters(self) -> list[torch.Tensor]:
        """All weights and biases, pair by pair."""
        return [tensor for pair in self.pairs for tensor in (*pair.weights, *pair.biases)]

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Reconstruct frames (frames, inputs)."""
        return self.decode(self.encode(x))

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Compute codes (frames, units) from inputs (frames, inputs)."""
        for pair in self.pairs:
            x = pair.encode(x)
        return x

    def decode(self, h: torch.Tensor) -> torch.Tensor:
        """Compute outputs (frames, inputs) from codes (frames, units)."""
        for pair in reversed(self.pairs):
            h = pair.decode(h)
        return h

    def forward_train(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Reconstruct frames with dropout; the units are stored in ``hidden``."""
        self.hidden = []
        for pair in self.pairs:
            x = pair.encode(x)
            self.hidden.append(x)
            if pair.config.dropout:
                keep = 1.0 - pair.config.dropout
                mask = torch.rand(x.shape, generator=generator, device=x.device) < keep
                x = x * mask / keep
        return self.decode(x)

    def snapshot(self) -> list[torch.Tensor]:
        """Return copies of all parameters."""
        return [tensor.detach().clone() for tensor in self.parameters]

    def restore(self, snapshot: Sequence[torch.Tensor]) -> None:
        """Set all parameters from a snapshot."""
        with torch.no_grad():
            for tensor, values in zip(self.parameters, snapshot, strict=True):
                tensor.copy_(values)


def new_pair(config: LayerConfig, inputs: torch.Tensor, generator: torch.Generator) -> LayerPair:
    """Build a pair for inputs (frames, width); some initialisers are fitted to them."""
    device = inputs.device
    start = initial_weights(config, inputs, generator)

    def as_parameter(values: torch.Tensor) -> torch.Tensor:
        return values.to(device, torch.float32).contiguous().requires_grad_()

    return LayerPair(
        config,
        as_parameter(start.weight),
        None if config.tied else as_parameter(start.back),
        as_parameter(start.bias) if config.bias else None,
        as_parameter(start.back_bias) if config.bias else None,
    )


def _plain(values: torch.Tensor) -> np.ndarray:
    return np.ascontiguousarray(values.detach().cpu().numpy(), np.float32)
