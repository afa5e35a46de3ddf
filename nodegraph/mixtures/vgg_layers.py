"""The convolutions of VGG-19. Simonyan & Zisserman, Very deep convolutional networks (ICLR, 2015)."""

from __future__ import annotations

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))  # (channels, convolutions) before each pooling


def layer_shapes(width: float = 1.0) -> dict[str, tuple[int, int]]:
    """Return the 16 layers ``conv1_1`` … ``conv5_4`` with their channels (in, out), scaled by ``width``."""
    shapes, before = {}, 3
    for block, (channels, count) in enumerate(BLOCKS, 1):
        for number in range(1, count + 1):
            after = max(round(channels * width), 1)
            shapes[f"conv{block}_{number}"] = (before, after)
            before = after
    return shapes
