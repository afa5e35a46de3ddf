"""HTML representations for notebooks."""

import base64
import io
import itertools
import re
import wave
import xml.etree.ElementTree as xml

import numpy as np
import pytest

import nodegraph
from nodegraph.notebook import graph_svg, patch_html, sound_html, waveform_svg
from nodegraph.patch import AddNode

SVG = "{http://www.w3.org/2000/svg}"


def feedback_patch():
    patch = nodegraph.Patch()
    patch.add("sine", "osc", frequency=220.0)
    patch.add("vca", "amp")
    patch.add("audio_out", "out")
    patch.connect("osc.out", "amp.audio")
    patch.connect("amp.out", "out.audio")
    patch.connect("amp.out", "osc.fm", feedback=True)
    return patch


def test_drawing_has_all_nodes_and_wires_with_dashed_feedback():
    tree = xml.fromstring(graph_svg(feedback_patch().document))
    texts = {text.text for text in tree.iter(f"{SVG}text")}
    assert texts >= {"osc", "sine", "amp", "vca", "out", "audio_out", "audio", "fm"}
    paths = list(tree.iter(f"{SVG}path"))
    assert len(paths) == 3 and sum("stroke-dasharray" in path.attrib for path in paths) == 1


def test_columns_are_ordered_from_left_to_right():
    tree = xml.fromstring(graph_svg(feedback_patch().document))
    boxes = [float(box.get("x")) for box in tree.iter(f"{SVG}rect") if box.get("rx")]
    assert boxes == sorted(boxes) and len(set(boxes)) == 3


def test_drawing_uses_the_layout_of_the_editor():
    patch = feedback_patch()
    for i, id in enumerate(("osc", "amp", "out")):
        patch.move(id, 500.0 - 100.0 * i, 40.0 * i)
    tree = xml.fromstring(graph_svg(patch.document))
    boxes = [(float(b.get("x")), float(b.get("y"))) for b in tree.iter(f"{SVG}rect") if b.get("rx")]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(boxes)]
    assert steps == [(-100.0, 40.0), (-100.0, 40.0)]


def test_patch_with_problems_is_drawn():
    patch = feedback_patch()
    patch.do(AddNode("odd", "no_such_block"))
    patch.connect("odd.out", "osc.pm")
    patch.connect("osc.out", "odd.in")
    assert "odd" in graph_svg(patch.document)


def test_names_are_escaped_in_html():
    patch = feedback_patch()
    patch.rename("osc", "<script>alert('x')</script>")
    patch.set("amp.gain", 0.5)
    html = patch._repr_html_()
    assert "<script" not in html
    xml.fromstring(graph_svg(patch.document))


def test_empty_and_very_large_patches_are_a_message():
    assert patch_html(nodegraph.Patch()).count("<svg") == 0
    patch = nodegraph.Patch()
    for _ in range(401):
        patch.add("sine")
    assert "401 nodes" in patch_html(patch) and "<svg" not in patch_html(patch)


def player_of(html):
    data = re.search(r"base64,([^']+)'", html).group(1)
    with wave.open(io.BytesIO(base64.b64decode(data))) as file:
        values = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return values.reshape(-1, file.getnchannels()), file.getframerate()


def test_sound_has_a_waveform_per_channel_and_a_player():
    tone = np.sin(np.arange(4410) * 0.1).astype(np.float32)
    html = sound_html(np.stack([tone, 0.5 * tone], axis=1), 44100)
    assert html.count("<svg") == 2 and "0.10 s, 2 channels, 44100 Hz, -0.0 dBFS" in html.replace(" 0.0 dB", " -0.0 dB")
    values, rate = player_of(html)
    assert rate == 44100 and np.abs(values[:, 0] / 32767 - tone).max() < 1e-4


def test_waveform_of_a_long_sound_shows_single_peaks():
    signal = np.zeros(1_000_000, np.float32)
    signal[123_456] = 1.0
    points = xml.fromstring(waveform_svg(signal)).find(f"{SVG}polygon").get("points")
    assert min(float(point.split(",")[1]) for point in points.split()) == 2.0


def test_loud_sound_does_not_clip_in_the_player():
    html = sound_html(np.array([3.0, -6.0, 0.0], np.float32), 8000)
    assert player_of(html)[0].min() >= -32767 and "attenuated to avoid clipping" in html


def test_player_holds_only_the_beginning_of_a_long_sound():
    html = sound_html(np.zeros((20_000_000, 1), np.float32), 44100)
    assert len(html) < 25_000_000 and "the player has only the first" in html


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((0, 2)),
        np.array(1.0),
        np.zeros((2, 2, 2)),
        np.array([1, 2, 3]),
        np.array([np.nan, 1.0, np.inf]),
    ],
)
def test_other_arrays_are_shown_without_an_error(values):
    assert sound_html(values, 44100).startswith("<div")


def test_rendered_sound_and_its_slices_have_a_player():
    sound = nodegraph.render(feedback_patch(), 0.1)
    assert "<audio" in sound._repr_html_()
    assert "<audio" in sound[:100, 0]._repr_html_()
