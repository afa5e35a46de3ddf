"""The Python API: build or load a patch, render it into an array, play it."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.blocks.registry import node_types
from nodegraph.files.trust import trust as trust_file
from nodegraph.files.trust import untrusted_problem
from nodegraph.graph.edit_checks import check_edit
from nodegraph.graph.ports import PatchLocation
from nodegraph.graph.programs import untrusted_programs
from nodegraph.patch import Action, Document, PatchError, SetSeed
from nodegraph.patch import Patch as Session
from nodegraph.patch.errors import listed, quote, suggest
from nodegraph.patch.values import rate_problem

if TYPE_CHECKING:
    from mido import Message, MidiFile

    from nodegraph.engine.live import Live
    from nodegraph.graph import Graph
    from nodegraph.midi.files import MidiScore
    from nodegraph.plan.result import Plan

__all__ = ["Patch", "PatchError", "Sound", "Spectrogram", "load", "play", "render", "trust"]


class Patch(Session):
    """An editing session of a patch. ::

        patch = Patch()
        osc = patch.add("sine", frequency=220.0)
        out = patch.add("audio_out")
        patch.connect(f"{osc}.out", f"{out}.audio")
        patch.save("beep.json")

    ``add``, ``connect``, ``disconnect``, ``set`` and ``clear`` check names and values against the known blocks. They
    raise :class:`PatchError`, one line with the nearest name, and leave the patch unchanged, for an unknown block,
    node, port or setting, for wires between unlike ports (frames into a signal input), and for a value of another
    type or out of range. :func:`render` and :func:`play` report errors that depend on the whole patch (lanes, loops,
    frame sizes). A file may contain unknown blocks: they are preserved, and silent. Wires and values of such a node
    are not checked, because its ports are unknown.

    :meth:`do` does not check actions against the blocks: they come from logs, undo and the editor, which checks them.
    """

    def graph(self, rate: float | None = None, allow_outside: bool = False) -> Graph:
        """Return the typed graph of the current document, an ``nx.MultiDiGraph`` for any algorithm of networkx.

        ``graph.nodes[id]["node"]`` is a typed node, edges have kind, lanes, latency and the feedback mark; see
        :class:`nodegraph.graph.Graph`. ``rate`` in Hz (default: that of the patch, else 44100). Raises GraphError.
        """
        from nodegraph.graph import build_graph

        return build_graph(self.document, _rate(rate, self.document), self.path, allow_outside)

    def plan(self, rate: float | None = None, allow_outside: bool = False) -> Plan:
        """Return the compiled plan of the current document, to be looked at: rows of kernels, buffers, latency.

        Arguments and errors are those of :meth:`graph`. It opens no files and cannot be run.
        """
        from nodegraph.plan.inspection import inspected_plan

        return inspected_plan(self.graph(rate, allow_outside))

    def _edit(self, path: tuple[str, ...], action: Action) -> None:
        check_edit(action, self.document, path, PatchLocation(self.path))
        super()._edit(path, action)

    def _version_of(self, type: str) -> int:
        cls = node_types().get(type)
        return cls.version if cls else 1

    def _repr_html_(self) -> str:
        from .notebook import patch_html

        return patch_html(self)


class Sound(np.ndarray):
    """A rendered sound: a float32 array (samples, channels) with its ``rate`` in Hz.

    A notebook displays its waveform and a player.
    """

    rate: float = 44100.0

    def spectrogram(self, size: int = 2048, hop: int = 512) -> Spectrogram:
        """Return the magnitudes of the STFT of the mean of the channels, with Hann windows of ``size`` samples."""
        from nodegraph.spectral.stft import stft

        if size < 2 or not 1 <= hop <= size:
            raise ValueError(
                f"size must be at least 2 and hop lie in 1–size, got size {size} and hop {hop}. 2048 and 512 are usual."
            )
        mono = np.asarray(self, np.float64).reshape(len(self), -1).mean(axis=1)
        found = np.abs(stft(mono, size, hop)).astype(np.float32).view(Spectrogram)
        found.rate, found.size_of_window, found.hop = self.rate, size, hop
        return found

    def __array_finalize__(self, source: Any) -> None:
        self.rate = getattr(source, "rate", 44100.0)

    def save(self, path: str | os.PathLike[str], depth: str = "auto") -> None:
        """Write a sound file; the suffix of ``path`` selects the format.

        ``depth`` is "16", "24" (bits), "float" (32 bits) or "auto", the best of the format. Raises SoundFileError.
        """
        from nodegraph.files.sound_output import write_sound

        write_sound(Path(path), np.asarray(self), self.rate, depth)

    def _repr_html_(self) -> str:
        from .notebook import sound_html

        return sound_html(np.asarray(self), self.rate)


class Spectrogram(np.ndarray):
    """Magnitudes of a sound: a float32 array (bins, frames) with ``rate`` in Hz, and window and hop in samples.

    A notebook displays it as a picture over time and log frequency.
    """

    rate: float = 44100.0
    size_of_window: int = 2048
    hop: int = 512

    def __array_finalize__(self, source: Any) -> None:
        for name in ("rate", "size_of_window", "hop"):
            setattr(self, name, getattr(source, name, getattr(type(self), name)))

    def _repr_html_(self) -> str:
        from .notebook import spectrogram_html

        return spectrogram_html(np.asarray(self), self.rate, self.size_of_window, self.hop)


def load(path: str | os.PathLike[str]) -> Patch:
    """Load the patch in a file. Raises PatchError, one line, if the file is not a readable patch.

    Unknown blocks, ports and fields are preserved.
    """
    node_types()  # blocks declare migrations when they are imported
    return Patch.load(path)


def trust(path: str | os.PathLike[str]) -> None:
    """Let the TorchScript model in a file run in patches, from now on. Raises TrustError, one line.

    Patches opened before must be rendered or played again.
    """
    trust_file(Path(path))


def render(
    patch: Session | Document | str | os.PathLike[str],
    seconds: float = 10.0,
    rate: float | None = None,
    inputs: Mapping[str, np.ndarray] | None = None,
    seed: int | None = None,
    progress: Callable[[float], None] | None = None,
    allow_outside: bool = False,
    midi: str | os.PathLike[str] | MidiFile | None = None,
    midi_out: str | os.PathLike[str] | None = None,
    cores: int = 1,
) -> Sound:
    """Render a patch offline and return its output, float32, (samples, channels).

    ``rate`` in Hz (default: that of the patch, else 44100), ``inputs`` an array (samples,) or
    (samples, channels) for ``audio_in`` nodes by id, ``seed`` replaces that of the document, ``progress`` is called
    with the completed fraction (0–1), ``allow_outside`` permits files outside the patch's folder. ``midi`` is played
    into the ``midi_in`` nodes: a standard MIDI file, or a ``mido.MidiFile``. ``midi_out`` is the path of a MIDI file
    for the messages that the ``midi_out`` nodes send. ``cores`` of 2 lets a second core compute a part of a large
    patch, with the same samples. Raises PatchError, GraphError, MidiFileError, EngineError for invalid seconds or
    samples; OSError if the file cannot be written.
    """
    from nodegraph.engine.core import EngineError
    from nodegraph.engine.offline import Offline

    document, path = _document(patch, allow_outside)
    if seed is not None:
        document = SetSeed(seed).apply(document)
    chosen = _rate(rate, document)
    if inputs is not None and not isinstance(inputs, Mapping):
        raise EngineError("inputs must map audio_in blocks to samples, such as inputs={'mic': samples}.")
    score = _score(midi) if midi is not None else None
    engine = Offline(document, chosen, path, inputs, allow_outside=allow_outside, cores=cores)
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
            from nodegraph.files.atomic import write_atomic
            from nodegraph.midi.files import encode_midi_file

            write_atomic(Path(midi_out), encode_midi_file([*sent, *engine.sent()], chosen))
    finally:
        engine.close()
    sound.rate = chosen
    return sound


def play(
    patch: Session | Document | str | os.PathLike[str],
    device: int | str | None = None,
    flight: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Live:
    """Play a patch on an audio device; edits of a :class:`Patch` take effect immediately.

    Use it in ``with``, or call ``stop()``. ``device`` is a number or part of a name as listed by ``nodegraph devices``
    (None: the default). ``send(mido.Message(…))`` plays its ``midi_in`` blocks, ``sent()`` returns the messages of
    its ``midi_out`` blocks. ``flight`` is the file of a flight log. Other options are those of
    :class:`nodegraph.engine.live.Live`: rate, blocksize, null, limiter, capture. Raises PatchError, GraphError,
    EngineError.
    """
    from nodegraph.engine.live import Live

    known = list(inspect.signature(Live).parameters)[3:]
    for name in options:
        if name not in known:
            raise TypeError(f"play() has no option '{name}'.{suggest(name, known) or f' Options are {listed(known)}.'}")
    document, path = _document(patch, bool(options.get("allow_outside")))
    if flight is not None:
        from nodegraph.recording.flight import FlightRecorder

        options["observer"] = FlightRecorder(Path(flight))
    live = Live(document, path, device, **({"rate": document.settings.rate} | options))
    if isinstance(patch, Session):
        live.follow(patch)
    return live.start()


def _rate(rate: float | None, document: Document) -> float:
    """Return the sample rate in Hz. Raises PatchError if it is none."""
    chosen = rate or document.settings.rate or 44100.0
    if problem := rate_problem(chosen):
        raise PatchError(problem)
    return float(chosen)


def _score(midi: str | os.PathLike[str] | MidiFile) -> MidiScore:
    from nodegraph.midi.files import MidiFileError, read_midi_file, score_of

    if isinstance(midi, str | os.PathLike):
        return read_midi_file(Path(midi))
    if not hasattr(midi, "ticks_per_beat"):
        raise MidiFileError(f"midi must be the path of a MIDI file or a mido.MidiFile, got {quote(midi)}.")
    return score_of(midi)


def _document(patch: Session | Document | str | os.PathLike[str], allow_outside: bool) -> tuple[Document, Path | None]:
    """Return the document and the path of a patch; warn of programs that are silent because they are not trusted."""
    if isinstance(patch, str | os.PathLike):
        patch = load(patch)
    elif not isinstance(patch, Session | Document):
        raise PatchError(f"a patch is a Patch, a Document or the path of a patch file, got {quote(patch)}.")
    document, path = (patch, None) if isinstance(patch, Document) else (patch.document, patch.path)
    for program, title in untrusted_programs(document, PatchLocation(path, allow_outside)).items():
        warnings.warn(f"{title} is silent: {untrusted_problem(program)}", stacklevel=3)
    return document, path
