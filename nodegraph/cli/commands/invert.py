"""``nodegraph invert``: a spectrogram into sound."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CommandError
from ..options import Json, sample_rate
from ..output import format_decibels, format_duration, print_json, print_line, print_warning

if TYPE_CHECKING:
    from nodegraph.spectral.spectrogram_file import Spectrogram

DEFAULT_RATE = 44100.0
DEFAULT_METHOD = "fast_griffin_lim"
MAX_ITERATIONS = 100_000


def _list_methods(asked: bool) -> None:
    if asked:
        from nodegraph.inversion import methods

        print_line("\n".join(methods()))
        raise typer.Exit


def invert(
    spectrogram: Annotated[
        Path,
        typer.Argument(metavar="SPECTROGRAM", show_default=False, help="Magnitudes: .npy, .npz or an image (.png …)."),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT.wav", show_default=False, help="Sound file: .wav, .flac, .ogg …"),
    ],
    method: Annotated[
        str,
        typer.Option("--method", "-m", metavar="NAME", help="How phases are found; see --methods."),
    ] = DEFAULT_METHOD,
    methods: Annotated[
        bool, typer.Option("--methods", callback=_list_methods, is_eager=True, help="List the methods and exit.")
    ] = False,
    size: Annotated[
        int | None, typer.Option("--size", metavar="N", help="Samples of the transform; else the bins say.")
    ] = None,
    hop: Annotated[
        int | None,
        typer.Option("--hop", metavar="N", help="Samples between frames; else the file's, else size / 4."),
    ] = None,
    window: Annotated[
        str | None, typer.Option("--window", metavar="NAME", help="hann, hamming, sqrt_hann, blackman …")
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="HZ", callback=sample_rate, help="Sample rate; else the file's."),
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option("--scale", metavar="NAME", help="What the numbers are: linear, db, log (ln) or power."),
    ] = None,
    range: Annotated[
        float | None, typer.Option("--range", metavar="DB", help="Of an image, black to white; else 80 dB.")
    ] = None,
    iterations: Annotated[
        int | None,
        typer.Option("--iterations", "-n", metavar="N", min=1, max=MAX_ITERATIONS, help="Else 100 offline, 5 live."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of a random start.")] = 0,
    json: Json = False,
) -> None:
    """Turn a spectrogram into sound: find the phases that it lost.

    Arrays are bins × frames or frames × bins, with size / 2 + 1 bins; a .npz may hold rate, hop, size,
    window and scale beside them, an image the same as text. In an image low frequencies are at the bottom.
    """
    import numpy as np

    from nodegraph.files.sound_output import kind_of, write_sound
    from nodegraph.inversion import OFFLINE
    from nodegraph.spectral.metrics import ser
    from nodegraph.spectral.spectrogram_file import SpectrogramHints, read_spectrogram

    kind = kind_of(output)
    chosen = _method(method)
    found = read_spectrogram(spectrogram, SpectrogramHints(size, hop, rate, scale, window, range))
    if output.exists() and output.samefile(spectrogram):
        raise CommandError(f"{output}: is the file that is read. Choose another name.")
    _check_windows(spectrogram, found)
    if found.rate is None:
        print_warning(f"{spectrogram.name} does not say its rate: {DEFAULT_RATE:g} Hz is taken. Give it by --rate")
    count = iterations or (100 if method in OFFLINE else 5)
    began = time.perf_counter()
    sound = chosen(found.magnitudes, found.size, found.hop, found.window, count, seed)
    elapsed = time.perf_counter() - began
    rate = found.rate or DEFAULT_RATE
    write_sound(output, sound[:, None], rate)
    peak = float(np.abs(sound).max(initial=0.0))
    if peak > 1.0 and kind != "WAV":
        print_warning(f"the sound goes over full scale ({format_decibels(peak)}): it is clipped; a .wav holds it")
    result = {
        "file": str(output),
        "method": method,
        "iterations": count,
        "size": found.size,
        "hop": found.hop,
        "window": found.window,
        "frames": found.magnitudes.shape[1],
        "rate": rate,
        "seconds": len(sound) / rate,
        "peak": peak,
        "ser": ser(found.magnitudes, sound, found.size, found.hop, found.window),
        "elapsed": elapsed,
    }
    print_json(result) if json else _print_result(result)


def _method(name: str) -> Any:
    from nodegraph.inversion import methods
    from nodegraph.patch.errors import suggest

    table = methods()
    if name not in table:
        raise CommandError(f"there is no method '{name}'.{suggest(name, table)} Methods are {', '.join(table)}.")
    return table[name]


def _check_windows(path: Path, found: Spectrogram) -> None:
    from nodegraph.spectral.stft import consistent

    if not consistent(found.size, found.hop, found.window):
        raise CommandError(
            f"{path}: {found.window} windows of {found.size} samples leave gaps at a hop of {found.hop}. "
            f"Take a hop of at most {found.size // 2}."
        )


def _print_result(result: dict[str, Any]) -> None:
    print_line(
        f"{result['file']}: {format_duration(result['seconds'])} at {result['rate']:g} Hz "
        f"from {result['frames']} frames, {format_decibels(result['peak'])}"
    )
    print_line(f"{result['method']}: {result['ser']:.1f} dB signal to error, in {format_duration(result['elapsed'])}")
