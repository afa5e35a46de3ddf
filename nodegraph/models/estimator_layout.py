"""The layout of an estimator's network as plain data: sizes, and the shapes of all weights. Needs no torch."""

from __future__ import annotations

from math import prod
from typing import Annotated

from msgspec import Meta, Struct

MAX_CLASSES = 64  # of a parameter
TIME_FREQUENCIES = 8  # sines and cosines of the time of the flow

Count = Annotated[int, Meta(ge=1, le=512)]


class Layout(Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes of a network.

    ``frames`` × ``bands`` is the log-mel spectrum, ``points`` the length of the attack envelope. ``channels`` are
    those of the convolutions (3 × 3), and ``strides`` their strides over time and frequency. ``hidden`` is the width of
    the dense layers, ``classes`` the number of classes of each parameter, ``flow_width`` (a multiple of 16) and
    ``flow_layers`` the size of the flow.
    """

    classes: Annotated[tuple[Annotated[int, Meta(ge=2, le=MAX_CLASSES)], ...], Meta(min_length=1, max_length=256)]
    frames: Count = 64
    bands: Count = 64
    points: Count = 64
    channels: Annotated[tuple[Count, ...], Meta(min_length=1, max_length=12)] = (32, 64, 96, 128, 128)
    strides: Annotated[tuple[tuple[Count, Count], ...], Meta(min_length=1, max_length=12)] = ((2, 2),) * 5
    hidden: Count = 384
    flow_width: Annotated[int, Meta(ge=16, le=512, multiple_of=16)] = 64
    flow_layers: Annotated[int, Meta(ge=1, le=8)] = 2

    @property
    def parameters(self) -> int:
        return len(self.classes)

    @property
    def max_classes(self) -> int:
        return max(self.classes)

    @property
    def side_inputs(self) -> int:
        """The envelope, the level and the stated noise."""
        return self.points + 2

    @property
    def flattened(self) -> int:
        """Numbers after the last convolution."""
        height, width = self.frames, self.bands
        for down, across in self.strides:
            height, width = -(-height // down), -(-width // across)
        return self.channels[-1] * height * width


def tensor_shapes(layout: Layout) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all tensors of a model file: features and weights."""
    width, tokens, hidden = layout.flow_width, layout.parameters, layout.hidden
    shapes: dict[str, tuple[int, ...]] = {}
    for moment in ("mean", "deviation"):
        shapes[f"features.mel.{moment}"] = (layout.bands,)
        shapes[f"features.envelope.{moment}"] = (layout.points,)
        shapes[f"features.level.{moment}"] = (1,)

    def linear(name: str, inputs: int, outputs: int) -> None:
        shapes[f"network.{name}.weight"], shapes[f"network.{name}.bias"] = (outputs, inputs), (outputs,)

    def norm(name: str, count: int, *statistics: str) -> None:
        shapes.update({f"network.{name}.{part}": (count,) for part in ("weight", "bias", *statistics)})

    for i, (before, after) in enumerate(zip((1, *layout.channels), layout.channels)):
        shapes[f"network.convolutions.{i}.weight"] = (after, before, 3, 3)
        norm(f"norms.{i}", after, "running_mean", "running_var")
    linear("dense", layout.flattened, hidden)
    linear("side", layout.side_inputs, hidden)
    linear("code", hidden, hidden)
    linear("heads", hidden, tokens * layout.max_classes)
    shapes["network.flow.place"] = (tokens, width)
    linear("flow.value", 1 + layout.max_classes, width)
    linear("flow.time", 2 * TIME_FREQUENCIES, width)
    linear("flow.condition", hidden, width)
    for i in range(layout.flow_layers):
        norm(f"flow.layers.{i}.attention_norm", width)
        norm(f"flow.layers.{i}.dense_norm", width)
        linear(f"flow.layers.{i}.projections", width, 3 * width)
        linear(f"flow.layers.{i}.mix", width, width)
        linear(f"flow.layers.{i}.wide", width, 2 * width)
        linear(f"flow.layers.{i}.narrow", 2 * width, width)
    norm("flow.last_norm", width)
    linear("flow.velocity", width, 1)
    return shapes


def weight_count(layout: Layout) -> int:
    """Return the number of trained weights of the network."""
    skipped = ("features.", "running_mean", "running_var")
    return sum(
        prod(s)
        for n, s in tensor_shapes(layout).items()
        if not n.startswith(skipped[0]) and not n.endswith(skipped[1:])
    )
