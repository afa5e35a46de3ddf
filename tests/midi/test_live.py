"""Messages sent to a playing patch take effect at their samples."""

from __future__ import annotations

import time

import numpy as np

from nodegraph.engine.live import Live
from tests.nodes.test_midi_notes import off, on, random_playing, synth
from tests.rendering import Offline, patch_of


def test_live_and_offline_output_are_equal():
    patch = synth(voices=4)
    messages, _ = random_playing(np.random.default_rng(2), 400)
    offline = Offline(patch.document, channels=2)
    live = Live(patch.document, null=True, limiter=False, capture=0.6, blocksize=256)
    for at, message in messages:
        live.send(message, 2000 + at)
        offline.send(message, 2000 + at)
    with live:
        deadline = time.monotonic() + 20
        while len(live.captured()) < 0.55 * live.rate and time.monotonic() < deadline:
            time.sleep(0.02)
    captured = live.captured()
    assert np.abs(captured).max() > 0.1
    assert np.array_equal(captured[:20_000], offline.run_samples(20_000))


def test_message_takes_effect_at_its_sample():
    patch = patch_of("keys.out notes.events", "notes.gate out.audio",
                     keys="midi_in", notes=("notes", {"voices": 1, "tail": 0.0}), out="audio_out")  # fmt: skip
    live = Live(patch.document, null=True, capture=20.0, blocksize=256, outputs=1)
    stamps = []
    with live:
        time.sleep(0.1)
        for _ in range(40):
            before = live.clock
            stamps.append(live.midi_time(time.perf_counter()))
            assert stamps[-1] > before, "the message would be late"
            live.send(on(60), stamps[-1])
            time.sleep(0.012)
            live.send(off(60), live.midi_time())
            time.sleep(0.009)
        time.sleep(0.1)
    onsets = np.flatnonzero(np.diff(live.captured()[:, 0], prepend=0) > 0)
    late = np.array([onsets[np.searchsorted(onsets, stamp)] - stamp for stamp in stamps])
    assert np.median(late) == 0  # a message that is late because the machine was busy plays immediately
