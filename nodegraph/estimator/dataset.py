"""A data set on disk as memory-mapped arrays, and the same examples made on the fly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.files.safetensors import TensorFileError, map_arrays

from .dataset_settings import DatasetError, DatasetSettings
from .manifest import MANIFEST_FILE, read_json
from .parameters import Parameter
from .shards import BATCH, make_rows


class Dataset:
    """The examples of a complete data set, by row, read from memory-mapped files when they are used.

    ``parameters`` are the columns of the labels, ``manifest`` is the content of manifest.json. Raises DatasetError if
    the folder has no complete data set.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        manifest = read_json(self.folder / MANIFEST_FILE)
        if manifest is None:
            raise DatasetError(f"{self.folder}: has no complete data set. Make one: nodegraph dataset")
        self.manifest: dict[str, Any] = manifest
        self.parameters = tuple(_parameter(fields) for fields in manifest["parameters"])
        self._shards = [self._map(shard["file"]) for shard in manifest["shards"]]

    def __len__(self) -> int:
        return int(self.manifest["count"])

    @property
    def shards(self) -> list[dict[str, np.ndarray]]:
        """The arrays of each shard, as :func:`nodegraph.estimator.shards.make_rows` describes them."""
        return self._shards

    def rows(self, rows: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
        """Return the arrays of some rows, in their order. Raises IndexError."""
        numbers = np.asarray(rows, np.int64)
        if len(numbers) and not (0 <= numbers.min() and numbers.max() < len(self)):
            raise IndexError(f"rows must lie in 0–{len(self) - 1}")
        shard, offset = np.divmod(numbers, self.manifest["shard_rows"])
        found = {}
        for name, first in self._shards[0].items():
            values = np.empty((len(numbers), *first.shape[1:]), first.dtype)
            for k in np.unique(shard):
                here = np.flatnonzero(shard == k)
                order = np.argsort(offset[here])
                values[here[order]] = self._shards[k][name][offset[here[order]]]
            found[name] = values
        return found

    def sound_path(self, row: int) -> Path:
        """Return the sound file of a row of an audio data set."""
        suffix = self.manifest["form"].removeprefix("audio-")
        return self.folder / f"audio-{row // self.manifest['shard_rows']:05d}" / f"{row:08d}.{suffix}"

    def _map(self, name: str) -> dict[str, np.ndarray]:
        try:
            return map_arrays(self.folder / name)[0]
        except (OSError, TensorFileError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise DatasetError(f"{self.folder / name}: {reason}. Run the command that makes the data set.") from None


def batches(settings: DatasetSettings, size: int = BATCH, start: int = 0) -> Iterator[dict[str, np.ndarray]]:
    """Yield rows ``start``, ``start + 1``, … of a data set in batches, made on the fly, with nothing stored.

    Each batch has the arrays of :func:`nodegraph.estimator.shards.make_rows`; the last one may be smaller.
    """
    with settings.renderer() as renderer:
        for first in range(start, settings.count, size):
            yield make_rows(settings, renderer, range(first, min(first + size, settings.count)))


def _parameter(fields: dict[str, Any]) -> Parameter:
    known = {name: fields[name] for name in ("name", "target", "low", "high", "taper", "lane")}
    return Parameter(**known, steps=tuple(fields["steps"]))
