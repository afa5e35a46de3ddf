"""Every block has a page with all that it declares, and a plot or the reason why there is none."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.blocks.registry import words_of
from tools.docs.block_pages import REASON, block_page, shown_blocks
from tools.docs.links import check_links
from tools.docs.measured import measure, measure_shipped
from tools.docs.plots import declared_plot, plot_of
from tools.docs.shipped import smallest_with
from tools.docs.sounds import ogg
from tools.docs.svg import svg

# one block for each kind of plot, and one without
CAPTIONS = {
    "ladder": "Magnitude of the frequency response",
    "dc_blocker": "Magnitude of the frequency response",
    "waveshaper": "The drawn curve",
    "drive": "Output over input",
    "delay": "Output for one impulse of height 1",
    "sine": "Output in the help patch",
    "adsr": "Output in the help patch",
    "pink_noise": "Spectrum in the help patch",
    "blur": "The loudest frame in the help patch",
    "chord": "Notes that it plays in the help patch",
}


@pytest.mark.parametrize("type", shown_blocks())
def test_page_has_all_that_a_block_declares(type):
    cls = shown_blocks()[type]
    text = block_page(cls, f"{REASON}a test.", False, [])
    assert f"\n# {type}\n" in text and "There is no plot. a test." in text and "<svg class='patch'" in text
    for name in (*cls.spec.input_ports, *cls.spec.output_ports, *cls.spec.settings):
        assert f"| `{name}` |" in text
    assert all(f"`{word}`" in text for word in words_of(cls))
    assert "## Equation" in text or cls.container or cls.device == "output"


@pytest.mark.parametrize("type", CAPTIONS)
def test_plot_shows_what_the_block_is(type):
    plot = plot_of(shown_blocks()[type], measure(type, 2.0))
    assert plot.caption == CAPTIONS[type]
    drawing = svg(plot)
    assert drawing.count("<path") == len(plot.curves) > 0 and "nan" not in drawing


DECLARED = {
    "adsr": ("Level over time", 3),
    "compressor": ("Level out over level in", 2),
    "lfo": ("Out over time", 3),
    "noise_gate": ("Level out over level in", 2),
    "drive": ("Output over input", 3),
    "euclid": ("Gate over step", 1),
    "step_sequencer": ("Value of each step", 1),
}


@pytest.mark.parametrize("type", [type for type, cls in shown_blocks().items() if cls.display in ("curves", "steps")])
def test_page_has_the_drawing_of_the_editor(type):
    plot = declared_plot(shown_blocks()[type])
    assert type not in DECLARED or (plot.caption, len(plot.curves)) == DECLARED[type]
    assert svg(plot).count("<path") == len(plot.curves) > 0 and "nan" not in svg(plot)


def test_block_without_a_plot_says_why():
    assert plot_of(shown_blocks()["audio_in"], measure("audio_in", 0.5)) == "It plays the sound of a microphone."
    assert plot_of(shown_blocks()["scope_tap"], measure("scope_tap", 0.5)) == "It has no output."


def test_block_that_is_silent_by_itself_is_drawn_in_a_patch_that_has_it():
    plot = plot_of(shown_blocks()["audio_in"], measure_shipped(*smallest_with("audio_in"), 0.5))
    assert plot.caption.startswith("Output in the patch ")


def test_plot_of_a_delay_shows_its_echoes():
    ((time, output, _),) = plot_of(shown_blocks()["delay"], measure("delay", 0.5)).curves
    peaks = time[np.flatnonzero(output > 0.2)]
    assert np.allclose(peaks, 0.25 * np.arange(1, len(peaks) + 1), atol=1e-3) and len(peaks) >= 2


def test_loud_sounds_are_attenuated_and_silence_is_no_sound():
    tone = 3.0 * np.sin(0.1 * np.arange(44100))[:, None]
    assert ogg(tone)[:4] == b"OggS" and ogg(0.0 * tone) == b""


def test_broken_links_and_files_of_other_hosts_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here">b</a><a href="c.html">c</a><script src="https://x.org/y.js">'
    )
    (tmp_path / "b.html").write_text('<h1 id="there">b</h1><a href="a.html">a</a>')
    count, broken = check_links(tmp_path)
    assert count == 3
    assert broken == [
        "a.html: loads https://x.org/y.js",
        "a.html: b.html#here has no such heading",
        "a.html: c.html leads nowhere",
    ]
