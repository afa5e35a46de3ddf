"""The master strip: level, clipping, volume and mute of the output; readings of several lanes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from nodegraph.editor.canvas.visuals import live_value_visual
from nodegraph.editor.events import Click, NodeAt, VolumeDragged
from nodegraph.editor.sound.live import NONE, DeviceRequest, LiveSound
from nodegraph.editor.sound.master import HOLD_SECONDS, LIGHT_SECONDS, MUTE, VOLUME, Master
from nodegraph.editor.sound.protocol import OutputLevel
from nodegraph.engine.live import Live
from nodegraph.node import In
from tests.rendering import patch_of


def test_level_is_shown_with_a_held_peak_that_falls_later(user):
    user.wait(0.2)
    assert user.view.master.peaks == pytest.approx((-6.02, -12.04), abs=0.01)
    user.sound.level = OutputLevel((0.0, 0.0), (0.0, 0.0))
    user.wait(HOLD_SECONDS / 2)
    assert user.view.master.peaks[0] < user.view.master.held[0] == pytest.approx(-6.02, abs=0.01)
    user.wait(HOLD_SECONDS)
    assert user.view.master.held[0] < -10.0


def test_light_of_the_limiter_stays_for_two_seconds(user):
    user.sound.level = OutputLevel((0.5,), (1.0,), limited=True)
    user.wait(0.2)
    user.sound.level = OutputLevel((0.5,), (0.9,))
    user.wait(LIGHT_SECONDS / 2)
    assert user.view.master.limited
    user.wait(LIGHT_SECONDS)
    assert not user.view.master.limited


def test_volume_is_dragged_and_muted_with_mouse_and_keys(user):
    user.send(VolumeDragged(0.5))
    assert user.sound.volume == pytest.approx(0.25)
    user.press("shift+m")
    assert user.sound.volume == 0.0
    user.wait(0.2)
    assert user.view.master.muted and user.view.master.volume == 0.5
    user.press("shift+m")
    assert user.sound.volume == pytest.approx(0.25)
    user.press("alt+u")
    assert user.desk.state(Master).position == pytest.approx(0.55)


def test_volume_changes_what_is_heard_without_a_click_and_not_the_recording():
    document = patch_of("tone.out out.audio", tone=("sine", {"frequency": 100.0}), out="audio_out").document
    live = Live(document, null=True, capture=1.0, rate=44100.0)
    live.volume = 0.25
    live.start()
    while live.clock < 44100:
        time.sleep(0.02)
    live.stop()
    heard, recorded = live.captured()[:40000, 0], live.output_tape.read(0, 40000)[0][:, 0]
    assert np.abs(recorded).max() == pytest.approx(1.0, abs=1e-3)
    assert np.abs(heard[1000:]).max() == pytest.approx(0.25, abs=1e-3)
    assert np.abs(np.diff(heard)).max() < 1.1 * np.abs(np.diff(recorded)).max()


def test_level_of_the_output_is_that_since_the_last_reading():
    sound = LiveSound(DeviceRequest(NONE))
    try:
        assert sound.output_level().peak == (0.0, 0.0)
    finally:
        sound.close()


def test_reading_of_many_lanes_shows_the_largest_and_a_bar_for_each():
    port = In(0.0, min=-1.0, max=1.0)
    visual = live_value_visual(port, np.array([0.0, 0.5, -1.0, 0.25]))
    assert visual.text == "-1 ×4"
    assert visual.lanes == (0.0, 0.5, 1.0, 0.25)
    assert live_value_visual(port, np.array([0.5])).lanes == ()


def test_audio_out_shows_and_sets_the_volume_and_mute_of_the_master_strip(user):
    first, second = user.add("audio_out"), user.add("audio_out", (400.0, 40.0))
    before = user.document
    user.slide(f"{first}.{VOLUME}", 1.0, 0.75, 0.5)
    assert user.sound.volume == pytest.approx(0.25)
    user.wait(0.2)
    assert [user.displayed(f"{id}.{VOLUME}") for id in (first, second)] == ["-12.0 dB", "-12.0 dB"]
    user.enter(f"{second}.{MUTE}", True)
    assert user.sound.volume == 0.0
    user.press("alt+u")
    user.wait(0.2)
    assert user.displayed(f"{first}.{MUTE}") == "off" and user.view.values[first, VOLUME].position == 0.55
    assert user.document is before


def test_volume_in_audio_out_is_typed_in_decibels(user):
    id = user.add("audio_out")
    user.send(Click((0.0, 0.0), NodeAt(id, VOLUME), double=True))
    user.answer("-20 dB")
    assert user.sound.volume == pytest.approx(0.1)
    user.presenter.run("type_volume")
    user.answer("+6")
    assert user.sound.volume == 1.0
    user.presenter.run("type_volume")
    user.answer("loud")
    assert user.sound.volume == 1.0 and "not a number" in user.message


def test_slider_of_the_volume_is_ten_times_finer_with_shift(user):
    id = user.add("audio_out")
    user.slide(f"{id}.{VOLUME}", 1.0, 0.5, fine=True)
    assert user.desk.state(Master).position == pytest.approx(0.95)
