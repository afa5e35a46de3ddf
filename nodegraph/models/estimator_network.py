"""The network of an estimator, in torch: a convolutional trunk, ordinal class heads, and a rectified flow.

    log-mel ─► convolutions ─┐                      ┌─► class heads: logits of every parameter
    attack envelope, level ──┼─► dense layer ─► code ┤
    stated noise ────────────┘                      └─► flow: joint candidates, a token per parameter

The flow (Liu et al., Flow Straight and Fast, 2022) moves Gaussian noise x₀ to values x₁ in −1…1 along
``dx/dt = v(x, t, code)``; it is trained on ``v = x₁ − x₀`` at ``x_t = (1 − t) x₀ + t x₁``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .estimator_layout import TIME_FREQUENCIES, Layout

HIDDEN_LOGIT = -1e4  # of a class that a parameter does not have
HEAD_WIDTH = 16  # of the attention in the flow


class EstimatorNetwork(nn.Module):
    """The network that a layout describes, with untrained weights."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        channels = (1, *layout.channels)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
            for before, after, stride in zip(channels, channels[1:], layout.strides)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(count) for count in layout.channels)
        self.dense = nn.Linear(layout.flattened, layout.hidden)
        self.side = nn.Linear(layout.side_inputs, layout.hidden)
        self.code = nn.Linear(layout.hidden, layout.hidden)
        self.heads = nn.Linear(layout.hidden, layout.parameters * layout.max_classes)
        self.flow = Flow(layout)
        exists = torch.arange(layout.max_classes)[None] < torch.tensor(layout.classes)[:, None]
        self.register_buffer("hidden_classes", torch.where(exists, 0.0, HIDDEN_LOGIT), persistent=False)

    def forward(self, mel: Tensor, envelope: Tensor, level: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return the code (examples, hidden) and the logits (examples, parameters, classes).

        ``mel`` (examples, frames, bands), ``envelope`` (examples, points) and ``level`` (examples,) are standardised;
        ``noise`` (examples,) is the stated amount of noise, 0…1.
        """
        x = mel[:, None]
        if mel.device.type == "cpu":
            x = x.contiguous(memory_format=torch.channels_last)
        for convolution, norm in zip(self.convolutions, self.norms):
            x = F.relu(norm(convolution(x)), inplace=True)
        side = torch.cat([envelope, level[:, None], noise[:, None]], dim=1)
        x = F.relu(self.dense(x.flatten(1)) + self.side(side))
        code = F.relu(self.code(x))
        logits = self.heads(code).view(len(mel), self.layout.parameters, self.layout.max_classes)
        return code, logits + self.hidden_classes


class Flow(nn.Module):
    """The velocity of the flow: a small transformer with a token per parameter."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        width = layout.flow_width
        self.value = nn.Linear(1 + layout.max_classes, width)
        self.place = nn.Parameter(torch.randn(layout.parameters, width) * 0.3)
        self.time = nn.Linear(2 * TIME_FREQUENCIES, width)
        self.condition = nn.Linear(layout.hidden, width)
        self.layers = nn.ModuleList(FlowLayer(width) for _ in range(layout.flow_layers))
        self.last_norm = nn.LayerNorm(width)
        self.velocity = nn.Linear(width, 1)

    def forward(self, x: Tensor, time: Tensor, code: Tensor, logits: Tensor) -> Tensor:
        """Return the velocity (examples, parameters) at ``x`` (examples, parameters) and ``time`` (examples,)."""
        return self.step(x, time, *self.prepare(code, logits))

    def prepare(self, code: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Return what depends on the sound alone: the condition (examples, width) and the shares of the classes."""
        return self.condition(code), logits.softmax(dim=-1)

    def step(self, x: Tensor, time: Tensor, condition: Tensor, shares: Tensor) -> Tensor:
        angles = time[:, None] * (math.pi * 2.0 ** torch.arange(TIME_FREQUENCIES, device=x.device) / 2.0)
        moment = self.time(torch.cat([angles.sin(), angles.cos()], dim=1))
        tokens = self.value(torch.cat([x[..., None], shares], dim=-1)) + self.place + (moment + condition)[:, None]
        for layer in self.layers:
            tokens = layer(tokens)
        return self.velocity(self.last_norm(tokens))[..., 0]


class FlowLayer(nn.Module):
    """Attention between the tokens, then a dense layer on each."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention_norm, self.dense_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.projections = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        examples, tokens, width = x.shape
        parts = self.projections(self.attention_norm(x)).view(examples, tokens, 3, -1, HEAD_WIDTH)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)
        x = x + self.mix(mixed.transpose(1, 2).reshape(examples, tokens, width))
        return x + self.narrow(F.gelu(self.wide(self.dense_norm(x))))


@torch.no_grad()
def sample_flow(
    flow: Flow, code: Tensor, logits: Tensor, count: int, steps: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return ``count`` candidates of each sound, (examples, count, parameters) in −1…1, by Euler steps."""
    condition, shares = (part.repeat_interleave(count, 0) for part in flow.prepare(code, logits))
    x = torch.randn(shares.shape[:2], generator=generator).to(code)
    for step in range(steps):
        time = torch.full((len(x),), step / steps, device=x.device)
        x = x + flow.step(x, time, condition, shares) / steps
    return x.clamp(-1.0, 1.0).view(len(code), count, -1)


def network_tensors(network: nn.Module) -> dict[str, np.ndarray]:
    """Return the weights of a network as arrays for a model file."""
    state = network.state_dict()
    return {n: t.detach().cpu().float().numpy() for n, t in state.items() if not n.endswith("num_batches_tracked")}


def load_network(layout: Layout, tensors: Mapping[str, np.ndarray]) -> EstimatorNetwork:
    """Return a network for inference with the weights of a model file, which has checked their names and shapes."""
    network = EstimatorNetwork(layout)
    network.load_state_dict(
        {name: torch.from_numpy(np.array(values)) for name, values in tensors.items()}, strict=False
    )
    return network.eval().requires_grad_(False)
