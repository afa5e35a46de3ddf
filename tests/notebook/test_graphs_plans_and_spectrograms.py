"""HTML representations of typed graphs, plans and spectrograms."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as xml

import numpy as np
import pytest
from PIL import Image

import nodegraph
from nodegraph.notebook import spectrogram_html, table_html
from tests.rendering import patch_of

SVG = "{http://www.w3.org/2000/svg}"


def lanes_and_feedback():
    return patch_of(
        "osc.out amp.audio", "amp.out out.audio", "amp.out ~ osc.fm",
        osc=("sine", {"frequency": [220.0, 275.0, 330.0]}), amp="vca", out="audio_out",
    )  # fmt: skip


def picture_of(html):
    data = re.search(r"base64,([^']+)'", html).group(1)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))), int).sum(axis=2)


def test_graph_shows_lanes_and_loops():
    html = nodegraph.Patch(lanes_and_feedback().document).graph()._repr_html_()
    tree = xml.fromstring(re.search(r"<svg.*</svg>", html, re.DOTALL)[0])
    texts = [text.text for text in tree.iter(f"{SVG}text")]
    assert texts.count("×3") == 3 and {"osc", "amp", "out"} <= set(texts)
    assert "3 nodes, 3 wires, 44100 Hz, latency 0 samples, 1 feedback loop" in html
    assert sum("stroke-dasharray" in path.attrib for path in tree.iter(f"{SVG}path")) == 1


def test_graph_colours_wires_of_frames_and_shows_delays():
    patch = patch_of(
        "noise.out stft.audio", "stft.spectrum back.spectrum", "noise.out sum.a", "back.out sum.b", "sum.out out.audio",
        noise="white_noise", stft="stft", back="inverse_stft", sum="add", out="audio_out",
    )  # fmt: skip
    graph = nodegraph.Patch(patch.document).graph()
    html = graph._repr_html_()
    (delayed,) = (data["compensation"] for *_, data in graph.edges(data=True) if data["compensation"])
    assert f">+{delayed}<" in html and html.count("#805ad5") == 1


def test_graph_of_many_nodes_is_its_size():
    patch = nodegraph.Patch()
    for _ in range(401):
        patch.add("sine")
    assert "401 nodes" in patch.graph()._repr_html_() and "<svg" not in patch.graph()._repr_html_()


def test_plan_lists_rows_in_order_with_those_of_loops():
    plan = nodegraph.Patch(lanes_and_feedback().document).plan()
    html = plan._repr_html_()
    rows = [[cell.text or "" for cell in row] for row in xml.fromstring(html).iter("tr")]
    assert rows[0] == ["row", "kernel", "lanes", "nodes"]
    assert [row[0].partition(".")[0] for row in rows[1:]] == sorted(row[0].partition(".")[0] for row in rows[1:])
    assert any("." in row[0] and row[3] == "osc" for row in rows)
    assert f"{len(plan.rows)} rows" in html


def test_cells_of_a_table_are_escaped():
    xml.fromstring(table_html("a < b", ["<i>"], [["<script>", 3]]))


def test_spectrogram_of_a_sine_is_bright_at_its_frequency():
    sound = nodegraph.render(patch_of("o.out out.audio", o=("sine", {"frequency": 1000.0}), out="audio_out"), 1.0)
    found = sound.spectrogram(size=1024, hop=256)
    assert found.shape == (513, 176) and (found.rate, found.size_of_window, found.hop) == (44100.0, 1024, 256)
    picture = picture_of(found._repr_html_())
    row = int(picture[:, 80].argmax())
    hertz = 40.0 * (22050.0 / 40.0) ** (1.0 - row / (len(picture) - 1))
    assert hertz == pytest.approx(1000.0, rel=0.05)


def test_spectrogram_shows_when_a_sound_starts():
    sound = np.zeros((44100, 1), np.float32).view(nodegraph.Sound)
    sound[22050:, 0] = np.sin(np.arange(22050) * 0.1)
    bright = picture_of(sound.spectrogram()._repr_html_()).max(axis=0)
    assert bright[: len(bright) // 2 - 4].max() < bright[len(bright) // 2 + 4 :].min()


def test_long_spectrogram_keeps_single_peaks():
    magnitudes = np.zeros((65, 20_000), np.float32)
    magnitudes[20, 12_345] = 1.0
    assert picture_of(spectrogram_html(magnitudes, 44100.0, 128, 32)).max() > 600


@pytest.mark.parametrize("shape", [(0, 4), (4,), ()])
def test_other_arrays_are_no_spectrogram(shape):
    assert spectrogram_html(np.zeros(shape), 44100.0, 8, 2).startswith("<div>not a spectrogram")


def test_spectrogram_with_nan_is_shown():
    assert "<img" in spectrogram_html(np.full((5, 5), np.nan), 44100.0, 8, 2)
