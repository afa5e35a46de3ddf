"""A table of random settings of a patch with coarse spectra of their sounds, for a first look at the nearest ones."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.files.atomic import write_atomic
from nodegraph.files.folders import cache_folder
from nodegraph.graph import build_graph
from nodegraph.patch import encode_patch
from nodegraph.version import __version__

from .distance import features
from .examples import draw
from .parameters import to_unit
from .rendering import BatchRenderer, with_setting

ROWS = 16_384
SEED = 1 << 50  # no data set and no training uses it, so that a target is never in the table
FRAMES = 16  # of a coarse spectrum
BATCH, SINGLES = 512, 8  # rows rendered together: as lanes, and one after the other
COMPARED = 2048  # rows compared at once


@dataclass(frozen=True)
class Table:
    """Positions, float64 (N, P) in 0–1, and coarse log-mel spectra, float16 (N, frames, bands) in dB."""

    positions: np.ndarray
    spectra: np.ndarray

    def nearest(self, sound: np.ndarray, rate: float, count: int) -> np.ndarray:
        """Return the positions (count, P) of the sounds nearest to a sound (samples,), the nearest first."""
        wanted = coarse(sound[None], rate)[0].astype(np.float32)
        distances = np.empty(len(self.positions))
        for start in range(0, len(distances), COMPARED):
            part = self.spectra[start : start + COMPARED].astype(np.float32)
            distances[start : start + len(part)] = np.abs(part - wanted).mean(axis=(1, 2))
        return self.positions[np.argsort(distances, kind="stable")[:count]]


def coarse(sounds: np.ndarray, rate: float) -> np.ndarray:
    """Return log-mel spectra of sounds (N, samples), averaged to at most 16 frames: float16 (N, frames, bands)."""
    spectra, _ = features(sounds, rate)
    frames = spectra.shape[1]
    groups = np.linspace(0, frames, min(FRAMES, frames), endpoint=False).astype(int)
    sizes = np.diff([*groups, frames])[:, None]
    return (np.add.reduceat(spectra, groups, axis=1) / sizes).astype(np.float16)


def build_table(
    renderer: BatchRenderer,
    rows: int = ROWS,
    seconds: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Table:
    """Render random settings of the renderer's patch. It stops early, with fewer rows, after ``seconds``."""
    parameters = renderer.parameters
    end = None if seconds is None else time.monotonic() + seconds
    batch = BATCH if renderer.as_lanes else SINGLES
    positions, spectra = [], []
    for start in range(0, rows, batch):
        values = np.stack([draw(parameters, SEED, row) for row in range(start, min(start + batch, rows))])
        positions.append(to_unit(parameters, values))
        spectra.append(coarse(renderer.render(values), renderer.rate))
        if progress is not None:
            progress((start + len(values)) / rows)
        if end is not None and time.monotonic() > end:
            break
    return Table(np.concatenate(positions), np.concatenate(spectra))


def cached_table(
    renderer: BatchRenderer,
    folder: Path | None = None,
    rows: int = ROWS,
    seconds: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Table:
    """Return the table in a file of ``folder``, by default in the user's cache; build and write it if it is missing.

    The file belongs to the patch, its parameters and the version of nodegraph. A file that cannot be read is replaced;
    one that cannot be written is left out.
    """
    path = (folder or default_folder()) / f"{key_of(renderer, rows)}.npz"
    try:
        with np.load(path) as stored:
            return Table(stored["positions"], stored["spectra"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    table = build_table(renderer, rows, seconds, progress)
    data = io.BytesIO()
    np.savez(data, positions=table.positions, spectra=table.spectra)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data.getvalue())
    except OSError:
        pass
    return table


def key_of(renderer: BatchRenderer, rows: int) -> str:
    """Return a hash of all that a table depends on."""
    graph = build_graph(renderer.document, renderer.rate, renderer.path)
    document = with_setting(graph, renderer.parameters, [parameter.low for parameter in renderer.parameters])
    shape = (renderer.parameters, renderer.samples, renderer.rate, rows, __version__)
    return hashlib.sha256(encode_patch(document) + repr(shape).encode()).hexdigest()[:32]


def default_folder() -> Path:
    """Return the folder of tables: ``NODEGRAPH_TABLES``, else in the user's cache folder."""
    return cache_folder("tables")
