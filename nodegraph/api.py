"""The library's face: load a patch, render it into an array, play it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.blocks.registry import node_types
from nodegraph.patch import Document, Patch, PatchError, SetSeed

if TYPE_CHECKING:
    from nodegraph.engine.live import Live

__all__ = ["Patch", "PatchError", "Sound", "load", "play", "render"]


def _version_of(type: str) -> int:
    cls = node_types().get(type)
    return cls.version if cls else 1


def _repr_html_(patch: Patch) -> str:
    from .notebook import patch_html

    return patch_html(patch)


Patch.version_of = staticmethod(_version_of)  # type: ignore[method-assign]
Patch._repr_html_ = _repr_html_  # type: ignore[attr-defined]


class Sound(np.ndarray):
    """A rendered sound: a float32 array (samples, channels) that knows its ``rate`` in Hz.

    In a notebook it shows its waveform and a player.
    """

    rate: float = 44100.0

    def __array_finalize__(self, source: Any) -> None:
        self.rate = getattr(source, "rate", 44100.0)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a sound file, its format by the name's ending (float32 where the format has it)."""
        from nodegraph.files.sound_output import write_sound

        write_sound(Path(path), np.asarray(self), self.rate)

    def _repr_html_(self) -> str:
        from .notebook import sound_html

        return sound_html(np.asarray(self), self.rate)


def load(path: str | os.PathLike[str]) -> Patch:
    """The patch in a file. Raises PatchError, one line, where there is none to be read."""
    node_types()  # blocks declare the migrations of their parameters
    return Patch.load(path)


def render(
    patch: Patch | Document | str | os.PathLike[str],
    seconds: float = 10.0,
    rate: float | None = None,
    inputs: Mapping[str, np.ndarray] | None = None,
    seed: int | None = None,
    progress: Callable[[float], None] | None = None,
    allow_outside: bool = False,
    midi: str | os.PathLike[str] | None = None,
) -> Sound:
    """Render a patch offline: float32, (samples, channels).

    ``rate`` in Hz (default: the patch's own, else 44100), ``inputs`` an array (samples,) or
    (samples, channels) for ``audio_in`` nodes by id, ``seed`` instead of the document's, ``midi`` a
    standard MIDI file that its ``midi_in`` nodes hear. Raises PatchError, GraphError, MidiFileError.
    """
    from nodegraph.engine.offline import Offline
    from nodegraph.midi.files import read_midi_file

    document, path = _document(patch)
    if seed is not None:
        document = SetSeed(seed).apply(document)
    chosen = float(rate or document.settings.rate or 44100.0)
    score = read_midi_file(Path(midi)) if midi is not None else None
    engine = Offline(document, chosen, path, inputs, allow_outside=allow_outside)
    try:
        if score is not None:
            score.play(engine)
        sound = engine.run(seconds, progress).view(Sound)
    finally:
        engine.close()
    sound.rate = chosen
    return sound


def play(patch: Patch | Document | str | os.PathLike[str], device: int | str | None = None, **options: Any) -> Live:
    """Play a patch; every edit of a :class:`Patch` is heard at once. Use it in ``with`` or call ``stop()``.

    Options as for :class:`nodegraph.engine.live.Live`: rate, blocksize, null, limiter, capture.
    """
    from nodegraph.engine.live import Live

    document, path = _document(patch)
    live = Live(document, path, device, **({"rate": document.settings.rate} | options))
    if isinstance(patch, Patch):
        live.follow(patch)
    return live.start()


def _document(patch: Patch | Document | str | os.PathLike[str]) -> tuple[Document, Path | None]:
    if isinstance(patch, Document):
        return patch, None
    if not isinstance(patch, Patch):
        patch = load(patch)
    return patch.document, patch.path
