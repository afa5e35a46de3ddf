"""Figures of the thesis."""

import io

import numpy as np
import pytest

from nodegraph.mixtures.image_forms import fold, replicate
from nodegraph.mixtures.paper import figures
from nodegraph.mixtures.paper.panels import Panel, panels_png, spectrogram_image
from nodegraph.mixtures.paper.renditions import Run
from tests.mixtures.paper.sizes import PAIR, TINY


def test_field_of_a_replicated_image_has_a_third_of_the_values_of_a_folded_one():
    magnitudes = np.arange(27 * 9, dtype=np.float32).reshape(27, 9) % 256
    assert (figures.distinct_values(fold(magnitudes)) == 27).all()
    assert (figures.distinct_values(replicate(magnitudes)) == 9).all()
    assert (figures.distinct_values(np.zeros((3, 6, 6))) == 1).all()


def test_figures_state_the_example_of_the_thesis_and_draw_all_panels(tmp_path):
    found = figures.run_figures(Run(tmp_path, (PAIR,)), TINY)
    text = figures.markdown(found)
    assert "0.7329 is 1172640, in bytes 160, 228, 17" in text
    assert found.histogram.sum() == pytest.approx(1.0) and set(found.results) == {"fold", "replicate", "split"}
    assert figures.plain(found)["distinct_values"]["replicate"] <= 9.0
    pil = pytest.importorskip("PIL.Image")
    picture = pil.open(io.BytesIO(figures.picture(found)))
    assert picture.width >= 3 * 420 and picture.height > 3 * 260


def test_spectrogram_image_spans_the_range_and_low_rows_are_at_the_bottom():
    pil = pytest.importorskip("PIL.Image")
    magnitudes = np.zeros((40, 30), np.float32)
    magnitudes[0] = 1.0
    image = spectrogram_image(magnitudes)
    assert image.dtype == np.uint8 and (image[0] == 255).all() and (image[1:] == 0).all()
    sheet = np.asarray(pil.open(io.BytesIO(panels_png([Panel("low", image)]))))
    assert sheet[245, 200].tolist() == [255, 255, 255] and sheet[100, 200].tolist() == [0, 0, 0]
