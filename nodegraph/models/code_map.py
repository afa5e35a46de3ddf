"""A map of codes: places in a square, and the code of a training frame at each, to play a decoder by two numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .model_file import ModelError

MAX_PLACES = 1024


@dataclass(frozen=True, eq=False)
class MappedCodes:
    """Places (count, 2), each number 0 to 1, and the codes there (count, units), float32."""

    places: np.ndarray
    codes: np.ndarray

    def __post_init__(self) -> None:
        count = len(self.places)
        if self.places.ndim != 2 or self.places.shape[1] != 2 or not 1 <= count <= MAX_PLACES:
            raise ModelError(f"map.places must hold 1–{MAX_PLACES} pairs, got {list(self.places.shape)}.")
        if self.codes.ndim != 2 or len(self.codes) != count:
            raise ModelError(f"map.codes must hold {count} codes, as map.places, got {list(self.codes.shape)}.")


def map_table(found: MappedCodes | None) -> np.ndarray:
    """Return the number of places, then x, y and the code of each."""
    if found is None:
        return np.zeros(1, np.float32)
    rows = np.concatenate([found.places, found.codes], axis=1, dtype=np.float32)
    return np.concatenate([[np.float32(len(rows))], rows.ravel()])
