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
    from mido import Message, MidiFile

    from nodegraph.engine.live import Live
    from nodegraph.midi.files import Score

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
    midi: str | os.PathLike[str] | MidiFile | None = None,
    midi_out: str | os.PathLike[str] | None = None,
) -> Sound:
    """Render a patch offline: float32, (samples, channels).

    ``rate`` in Hz (default: the patch's own, else 44100), ``inputs`` an array (samples,) or
    (samples, channels) for ``audio_in`` nodes by id, ``seed`` instead of the document's. ``midi`` is played into the
    ``midi_in`` nodes: a standard MIDI file, or a ``mido.MidiFile``. ``midi_out`` is a MIDI file to be written, of what
    the ``midi_out`` nodes send. Raises PatchError, GraphError, MidiFileError; OSError if it cannot be written.
    """
    from nodegraph.engine.offline import Offline

    document, path = _document(patch)
    if seed is not None:
        document = SetSeed(seed).apply(document)
    chosen = float(rate or document.settings.rate or 44100.0)
    score = _score(midi) if midi is not None else None
    engine = Offline(document, chosen, path, inputs, allow_outside=allow_outside)
    sent: list[Message] = []

    def report(part: float) -> None:
        if midi_out is not None:
            sent.extend(engine.sent())
        if progress is not None:
            progress(part)

    try:
        if score is not None:
            score.play(engine)
        sound = engine.run(seconds, report).view(Sound)
        if midi_out is not None:
            from nodegraph.files.atomic import write_whole
            from nodegraph.midi.files import encode_midi_file

            write_whole(Path(midi_out), encode_midi_file([*sent, *engine.sent()], chosen))
    finally:
        engine.close()
    sound.rate = chosen
    return sound


def play(patch: Patch | Document | str | os.PathLike[str], device: int | str | None = None, **options: Any) -> Live:
    """Play a patch; every edit of a :class:`Patch` is heard at once. Use it in ``with`` or call ``stop()``.

    ``send(mido.Message(…))`` plays its ``midi_in`` blocks, ``sent()`` returns what its ``midi_out`` blocks send.
    Options as for :class:`nodegraph.engine.live.Live`: rate, blocksize, null, limiter, capture.
    """
    from nodegraph.engine.live import Live

    document, path = _document(patch)
    live = Live(document, path, device, **({"rate": document.settings.rate} | options))
    if isinstance(patch, Patch):
        live.follow(patch)
    return live.start()


def _score(midi: str | os.PathLike[str] | MidiFile) -> Score:
    from nodegraph.midi.files import read_midi_file, score_of

    return read_midi_file(Path(midi)) if isinstance(midi, str | os.PathLike) else score_of(midi)


def _document(patch: Patch | Document | str | os.PathLike[str]) -> tuple[Document, Path | None]:
    if isinstance(patch, Document):
        return patch, None
    if not isinstance(patch, Patch):
        patch = load(patch)
    return patch.document, patch.path
