"""``nodegraph invert``: convert a spectrogram to sound."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodegraph.files.depths import AUTO

from ..errors import CommandError
from ..options import Depth, Json, sample_rate
from ..output import format_decibels, format_duration, print_json, print_line, print_warning
from ..output_files import check_not_read

if TYPE_CHECKING:
    from nodegraph.spectral.spectrogram_file import Spectrogram

DEFAULT_RATE = 44100.0
DEFAULT_METHOD = "fast_griffin_lim"
MAX_ITERATIONS = 100_000


def _list_methods(requested: bool) -> None:
    if requested:
        from ..inversion import methods

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
        typer.Option("--method", "-m", metavar="NAME", help="Method of phase reconstruction; see --methods."),
    ] = DEFAULT_METHOD,
    methods: Annotated[
        bool, typer.Option("--methods", callback=_list_methods, is_eager=True, help="List the methods and exit.")
    ] = False,
    size: Annotated[
        int | None,
        typer.Option("--size", metavar="N", help="Samples of the transform. Default: from the number of bins."),
    ] = None,
    hop: Annotated[
        int | None,
        typer.Option("--hop", metavar="N", help="Samples between frames. Default: the file's, else size / 4."),
    ] = None,
    window: Annotated[
        str | None, typer.Option("--window", metavar="NAME", help="Window: hann, hamming, sqrt_hann, blackman …")
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate", metavar="HZ", callback=sample_rate, help="Sample rate. Default: the file's, else 44100."
        ),
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option("--scale", metavar="NAME", help="Scale of the numbers: linear, db, log (ln) or power."),
    ] = None,
    range: Annotated[
        float | None, typer.Option("--range", metavar="DB", help="Range of an image, black to white. Default: 80 dB.")
    ] = None,
    iterations: Annotated[
        int | None,
        typer.Option(
            "--iterations",
            "-n",
            metavar="N",
            min=1,
            max=MAX_ITERATIONS,
            help="Iterations. Default: 100 for offline methods, 5 for live ones.",
        ),
    ] = None,
    look_ahead: Annotated[
        int | None,
        typer.Option(
            "--look-ahead",
            metavar="N",
            min=0,
            max=15,
            help="Frames of look-ahead of rtisi_la, rtisi_la_in_turn, momentum_rtisi. Default: 3.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of random initial phases.")] = 0,
    depth: Depth = AUTO,
    json: Json = False,
) -> None:
    """Convert a spectrogram to sound, by reconstructing its phases.

    Arrays are bins × frames or frames × bins, with size / 2 + 1 bins. A .npz file may also contain rate, hop, size,
    window and scale; an image may contain them as text chunks. In an image, low frequencies are at the bottom.
    """
    import numpy as np

    from nodegraph.files.sound_format import clipping, format_of
    from nodegraph.files.sound_output import write_sound
    from nodegraph.spectral.metrics import ser
    from nodegraph.spectral.spectrogram_file import SpectrogramHints, read_spectrogram

    from ..inversion import OFFLINE

    format = format_of(output, depth)
    inverter = _method(method, look_ahead)
    found = read_spectrogram(spectrogram, SpectrogramHints(size, hop, rate, scale, window, range))
    check_not_read([output], [spectrogram])
    _check_windows(spectrogram, found)
    if found.rate is None:
        print_warning(f"{spectrogram.name} has no sample rate; using {DEFAULT_RATE:g} Hz. Set it with --rate")
    count = iterations or (100 if method in OFFLINE else 5)
    began = time.perf_counter()
    sound = inverter(found.magnitudes, found.size, found.hop, found.window, count, seed)
    elapsed = time.perf_counter() - began
    rate = found.rate or DEFAULT_RATE
    write_sound(output, sound[:, None], rate, depth)
    peak = float(np.abs(sound).max(initial=0.0))
    if remark := clipping(format, peak):
        print_warning(f"{output}: {remark}")
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


def _method(name: str, look_ahead: int | None) -> Any:
    from nodegraph.patch.errors import suggest

    from ..inversion import methods, with_look_ahead

    table = methods()
    if name not in table:
        raise CommandError(f"unknown method '{name}'.{suggest(name, table)} Use one of {', '.join(table)}.")
    if look_ahead is None:
        return table[name]
    found = with_look_ahead(table[name], look_ahead)
    if found is None:
        known = ", ".join(other for other in table if with_look_ahead(table[other], 0) is not None)
        raise CommandError(f"method '{name}' has no look-ahead. Leave out --look-ahead, or use one of {known}.")
    return found


def _check_windows(path: Path, found: Spectrogram) -> None:
    from nodegraph.spectral.stft import consistent

    if not consistent(found.size, found.hop, found.window):
        raise CommandError(
            f"{path}: {found.window} windows of {found.size} samples leave gaps at a hop of {found.hop}. "
            f"Use a hop of at most {found.size // 2}."
        )


def _print_result(result: dict[str, Any]) -> None:
    print_line(
        f"{result['file']}: {format_duration(result['seconds'])} at {result['rate']:g} Hz "
        f"from {result['frames']} frames, {format_decibels(result['peak'])}"
    )
    print_line(
        f"{result['method']}: signal-to-error ratio {result['ser']:.1f} dB, in {format_duration(result['elapsed'])}"
    )
