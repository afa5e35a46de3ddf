"""Fuzzy search of blocks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.editor.fuzzy import match, search
from nodegraph.editor.palettes import block_candidates, find

PALETTE = block_candidates()
BLOCKS = [(one.label, one.text, one.family, one.aliases) for one in PALETTE]

# Words from other programs, musicians' words and operators, and the block that must come first.
WORDS = """
+ add    - subtract    * multiply    / divide    plus add    minus subtract    times multiply
lowpass state_variable    low-pass state_variable    highpass state_variable    bandpass state_variable
notch state_variable    eq equalizer    filter biquad    mix mixer    lfo lfo    vco saw    vcf ladder    vca vca
osc sine    moog ladder    osc~ sine    phasor~ phasor    noise~ white_noise    lop~ one_pole    hip~ one_pole
bp~ state_variable    vcf~ ladder    +~ add    -~ subtract    *~ multiply    /~ divide    dac~ audio_out
adc~ audio_in    sig~ constant    line~ ramp    delwrite~ delay    delread~ delay    vd~ delay
samphold~ sample_hold    env~ follower    clip~ clip    notein midi_in    ctlin control_change    bendin pitch_bend
noteout note_out    metro clock    bang button    mtof note_to_frequency    ftom frequency_to_note
dbtorms decibels_to_gain    tgl toggle    pack join    unpack split    expr~ expression    cycle~ sine    saw~ saw
rect~ square    tri~ triangle    tapin~ delay    groove~ file_player    scale map_range    number knob
slide~ slew    ezdac~ audio_out    scope~ scope_tap    pfft~ stft    sfrecord~ recorder    patcher subpatch
SinOsc sine    Saw saw    Pulse square    LFTri triangle    WhiteNoise white_noise    PinkNoise pink_noise
LFNoise0 random_steps    LPF one_pole    HPF one_pole    BPF state_variable    RLPF ladder    MoogFF ladder
LeakDC dc_blocker    EnvGen adsr    Pan2 pan    XFade2 crossfade    DelayN delay    CombN comb    Lag slew
PlayBuf file_player    SoundIn audio_in    FFT stft    IFFT inverse_stft    LinLin map_range    echo delay
ensemble chorus    hall reverb    lufs loudness    mic audio_in    out audio_out    speaker audio_out
distortion drive    envelope adsr    glide slew    panner pan    vocoder cross_synthesis    s&h sample_hold
drum euclid    cc control_change    sfz sampler    munger~ granular    overdub looper    tabwrite~ buffer
wav file_player    gain vca    volume vca    fm sine    pwm square    tuner pitch    rave torchscript
estimator cnn_estimator    UnpackFFT frame_to_signal    PackFFT signal_to_frame    PartConv convolver
multiconvolve~ convolver    ir convolver
"""


def found(query: str) -> list[str]:
    return [one.key for one, _ in find(query, PALETTE)]


@pytest.mark.parametrize(
    ("query", "block"),
    [
        ("sin", "sine"),
        ("sine", "sine"),
        ("sv", "state_variable"),
        ("istft", "inverse_stft"),
        ("ladr", "ladder"),
        ("snie", "sine"),
        ("delya", "delay"),
        ("mag", "magnitude"),
        ("step seq", "step_sequencer"),
        ("rtisi", "rtisi_la"),
    ],
)
def test_best_match_is_first(query, block):
    assert found(query)[0] == block


@pytest.mark.parametrize(("query", "block"), re.findall(r"(\S+) +(\S+)", WORDS))
def test_alias_finds_its_block_first(query, block):
    assert found(query)[0] == block


@pytest.mark.parametrize("query", ["lowpass", "low pass", "low-pass", "low_pass", "Lowpass", "lowpass~"])
def test_filter_word_finds_all_filters_in_any_spelling(query):
    assert set(found(query)[:4]) == {"biquad", "ladder", "one_pole", "state_variable"}


def test_family_name_finds_its_blocks():
    assert {"sine", "saw", "lfo"} <= set(found("osc")[:12])


@given(st.sampled_from([name for name, *_ in BLOCKS]), st.data())
def test_any_prefix_finds_its_block(name, data):
    length = data.draw(st.integers(1, len(name)))
    assert name in found(name[:length])
    assert match(name, name).score >= match(name[:length], name).score


@given(st.sampled_from([name for name, *_ in BLOCKS if len(name) >= 5]), st.data())
def test_search_accepts_one_typo(name, data):
    at = data.draw(st.integers(1, len(name) - 2))
    kind = data.draw(st.sampled_from(["left out", "swapped", "wrong"]))
    typo = {
        "left out": name[:at] + name[at + 1 :],
        "swapped": name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        "wrong": name[:at] + "q" + name[at + 1 :],
    }[kind]
    assert name in found(typo)


@given(st.text(max_size=20))
def test_highlighted_positions_are_within_the_name(query):
    for i, hit in search(query, BLOCKS):
        assert all(0 <= at < len(BLOCKS[i][0]) for at in hit.hits)
