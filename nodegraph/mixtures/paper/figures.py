"""Figures 7 to 14 of the thesis, of the first of the chosen pairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nodegraph.learn.reproduce.chart import Chart, ChartLine, charts_png
from nodegraph.learn.reproduce.markdown import table_lines
from nodegraph.spectral.stft import stft

from ..image_forms import FORMS, KNEE, PEAK, code_of
from ..mixing import WINDOW
from .pairs import Pair
from .panels import Panel, panels_png, spectrogram_image
from .published import ORDER, SOURCE
from .renditions import Run, cut, rendered
from .sizes import PaperSize, form_recipe
from .stored import Result
from .table import form_rendition

FIELD = 3  # pixels, the side of a receptive field of the first layer
EXAMPLE = 0.7329  # the value that the thesis converts


@dataclass
class Figures:
    """The numbers and spectrograms of the figures; ``results`` has those of the forms that are finished."""

    size: PaperSize
    run: Run
    pair: Pair
    histogram: np.ndarray
    content: np.ndarray
    style: np.ndarray
    results: dict[str, tuple[Result, np.ndarray]] = field(default_factory=dict)
    stopped: bool = False


def run_figures(run: Run, size: PaperSize) -> Figures:
    """Return the figures; mixtures that the table has stored are reused."""
    pair = run.pairs[0]
    content, style = (_magnitudes(cut(name, size.rate, size.long), size) for name in (pair.content, pair.style))
    found = Figures(size, run, pair, np.zeros(256), content, style)
    try:
        found.histogram = _histogram(run, size)
        for form in ORDER:
            result = form_rendition(run, pair, form, "long" if form == "fold" else "short", size, 1.0 / len(ORDER))
            found.results[form] = result, _magnitudes(rendered(run, result, size.rate), size)
    except KeyboardInterrupt:
        found.stopped = True
    return found


def _histogram(run: Run, size: PaperSize) -> np.ndarray:
    """Return the mean share of spectrogram values that round to 0 … 255, over the sounds of all chosen pairs."""
    shares = []
    for pair in run.pairs:
        for name in (pair.content, pair.style):
            run.check_stop()
            run.report(0.0, f"histogram of {name}")
            values = np.rint(_magnitudes(cut(name, size.rate, size.long), size)).astype(int)
            shares.append(np.bincount(values.ravel(), minlength=256) / values.size)
    return np.mean(shares, axis=0)


def distinct_values(image: np.ndarray) -> np.ndarray:
    """Return the number of distinct colour values in each 3 × 3 field of an image (3, rows, columns): 1 to 27.

    Colours are rounded to bytes. Fields lie side by side.
    """
    rows, columns = (length // FIELD * FIELD for length in image.shape[1:])
    colours = np.rint(image[:, :rows, :columns]).astype(int)
    fields = colours.reshape(3, rows // FIELD, FIELD, columns // FIELD, FIELD).transpose(1, 3, 0, 2, 4)
    ordered = np.sort(fields.reshape(-1, 3 * FIELD**2), axis=1)
    return 1 + (np.diff(ordered, axis=1) > 0).sum(axis=1)


def markdown(found: Figures) -> str:
    """Return what the figures show, as numbers."""
    code = int(code_of(np.array(EXAMPLE)))
    low = 100.0 * found.histogram[: int(KNEE)].sum()
    lines = [
        "## Herbert-Voss: figures 7 to 14",
        "",
        f"{SOURCE}. {found.size.describe()}; pair {found.pair.name}: {found.pair.contrast}.",
        "",
        f"- Figure 7: {low:.1f} % of the spectrogram values of {2 * len(found.run.pairs)} sounds are below {KNEE:g} "
        f"of {PEAK:g}. The thesis: a very large number.",
        f"- Figure 8: {EXAMPLE} is {code}, in bytes {code & 255}, {code >> 8 & 255}, {code >> 16}, the least "
        "significant first. The thesis: 1172640; 160, 228, 17.",
        f"- Figure 9: three adjacent bins of {found.content.shape[0]} are the colours of a row of "
        f"{FORMS['fold'].image_of(found.content).shape[1]}.",
        "- Figures 10 to 13: content, style and the results of the forms.",
        "- Figure 14: distinct colour values among the 27 of a field of 3 × 3 pixels, in the image of the content:",
        "",
    ]
    rows = [[form, f"{values.mean():.1f}"] for form, values in _fields(found).items()]
    lines += table_lines(["form", "mean"], rows)
    if found.results:
        rows = [[form, *(f"{row[name]:.2f}" for name in _COLUMNS)] for form, (row, _) in found.results.items()]
        lines += ["Results:", "", *table_lines(["form", *_COLUMNS], rows)]
    return "\n".join(lines).rstrip() + "\n"


def plain(found: Figures) -> dict[str, Any]:
    """Return the numbers as JSON-compatible data."""
    return {
        "source": SOURCE,
        "size": found.size.describe(),
        "pair": found.pair.name,
        "stopped": found.stopped,
        "histogram": found.histogram.tolist(),
        "distinct_values": {form: float(values.mean()) for form, values in _fields(found).items()},
        "results": {form: row for form, (row, _) in found.results.items()},
    }


def picture(found: Figures) -> bytes:
    """Return all figures as a PNG. Needs Pillow."""
    values = np.linspace(0.0, PEAK, 256)
    shown = 40  # higher values are rare
    charts = [
        Chart(
            "7: % of spectrogram values, by value",
            [ChartLine("share", list(enumerate(100.0 * found.histogram[:shown])))],
        ),
        Chart("8: 24-bit integer / 10⁶, by value", [ChartLine("curve", list(zip(values, code_of(values) / 1e6)))]),
        Chart(
            "14: % of fields, by distinct values", [ChartLine(form, _share(x)) for form, x in _fields(found).items()]
        ),
    ]
    images = {form: FORMS[form].image_of(found.content) for form in ORDER}
    panels = [Panel(f"9: {form}, the content as an image", _colours(image)) for form, image in images.items()]
    panels += [
        Panel("10: content", spectrogram_image(found.content)),
        Panel("10: style", spectrogram_image(found.style)),
    ]
    for number, form in zip((11, 12, 13), ("replicate", "split", "fold")):
        if form in found.results:
            panels.append(Panel(f"{number}: result, {form}", spectrogram_image(found.results[form][1])))
    return panels_png(panels, charts_png(charts, f"{found.pair.name}: {found.pair.contrast}"))


_COLUMNS = ("waveform", "spectrogram", "flatness", "onsets", "pulse")


def _fields(found: Figures) -> dict[str, np.ndarray]:
    return {form: distinct_values(FORMS[form].image_of(found.content)) for form in ORDER}


def _share(counts: np.ndarray) -> list[tuple[float, float]]:
    shares = 100.0 * np.bincount(counts, minlength=28)[1:28] / len(counts)
    return [(number, float(share)) for number, share in enumerate(shares, 1)]


def _colours(image: np.ndarray) -> np.ndarray:
    """Return an image (3, rows, columns) as uint8 (rows, columns, 3), brightened as a spectrogram would be."""
    return np.rint(PEAK * (image.transpose(1, 2, 0) / PEAK) ** 0.4).astype(np.uint8)


def _magnitudes(sound: np.ndarray, size: PaperSize) -> np.ndarray:
    """Return the magnitudes of a sound as the recipes see them, scaled to 0…255: (bins, frames)."""
    sizes = form_recipe("fold", size.long, size).sound
    magnitudes = np.abs(stft(sound, sizes.window, sizes.hop, WINDOW, sizes.size))
    return magnitudes * np.float32(PEAK / max(float(magnitudes.max()), 1e-20))
