"""The palette finds blocks by the words of musicians and of other programs."""

from __future__ import annotations

import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.editor.events import PaletteTyped, WireDrag
from nodegraph.editor.fuzzy import key_of, stem_of
from nodegraph.editor.palettes import block_candidates, find
from nodegraph.editor.view import Pin

# What musicians type, and the blocks that do it.
WORDS = """
reverb: reverb plate convolver all_pass comb
chorus: chorus delay
delay: delay
osc: saw sine square triangle wavetable supersaw
oscillator: saw sine square triangle wavetable supersaw
low pass: biquad ladder one_pole state_variable
lowpass: biquad ladder one_pole state_variable
high pass: biquad one_pole state_variable
filter: biquad ladder one_pole state_variable
moog: ladder
noise: pink_noise white_noise brown_noise
mic: audio_in
microphone: audio_in
input: audio_in
sampler: sampler file_player
sample: file_player sampler
wav: file_player
piano: midi_in
keyboard: midi_in
keys: midi_in notes
autoencoder: decoder encoder
neural: decoder encoder
rave: encoder torchscript
eq: equalizer biquad spectrum_gain
equalizer: equalizer biquad spectrum_gain
distortion: drive
overdrive: drive
saturation: drive
fuzz: drive
waveshaper: waveshaper clip drive expression
wavefolder: clip
bitcrusher: bit_crusher quantise sample_hold
volume: mixer multiply vca
gain: multiply vca
amp: vca
amplifier: vca
envelope: adsr ar
echo: delay
flanger: flanger delay
phaser: phaser all_pass
tremolo: tremolo gater lfo
vibrato: lfo
ring mod: multiply
scope: scope_tap
oscilloscope: scope_tap
meter: meter
spectrum: spectrum_tap
fft: stft
speaker: audio_out
output: audio_out
out: audio_out
dac: audio_out
adc: audio_in
metro: clock
sequencer: step_sequencer
drum: euclid step_sequencer membrane
random: chance random_steps
s&h: sample_hold
pitch: pitch note_to_frequency
mtof: note_to_frequency
tempo: clock transport
bpm: clock transport
loop: file_player looper
granular: granular
pulse: impulse square
pwm: square
fm: sine
vocoder: channel_vocoder cross_synthesis
pitch shift: pitch_shifter shift_bins stretch_bins
number: constant knob
slider: knob
comment: add_note
portamento: notes slew
glide: notes slew
midi: midi_in
poly: notes
voice: notes
lfo: lfo
mix: mixer
panner: pan
stereo: balance pan width
cc: control_change
wheel: control_change pitch_bend
sub: subtract
plus: add
times: multiply
+: add
*: multiply
"""

# Words that were not used while the search was written: other programs, plurals, typing errors, German and French.
MORE_WORDS = """
SinOsc.ar: sine
VCO: saw sine square triangle
mc.pack~: join
LFNoise1.kr: random_steps
Karplus-Strong: comb
oscillators: saw sine square triangle
compresor: compressor
revreb: reverb
microfone: audio_in
sequenser: step_sequencer
sawtoth wave: saw
stereo delay: delay
low pass filter: state_variable biquad ladder one_pole
808 kick: membrane
noise generator: white_noise pink_noise brown_noise
Hüllkurve: adsr ar breakpoints
huellkurve: adsr ar breakpoints
Lautstärke: vca
haut-parleur: audio_out
dents de scie: saw
image to sound: spectrogram_player
slow down: stretch_player
"""


def table(text: str) -> dict[str, set[str]]:
    lines = (line.partition(": ") for line in text.split("\n") if line)
    return {word: set(blocks.split()) for word, _, blocks in lines}


def typed(user, word: str) -> list[str]:
    """Type a word into the palette and return the keys of the entries."""
    user.send(PaletteTyped(word))
    return [entry.key for entry in user.view.palette.entries]


@pytest.mark.parametrize(("words", "first", "three"), [(WORDS, 0.95, 0.98), (MORE_WORDS, 0.9, 1.0)])
def test_words_of_musicians_find_their_blocks(user, words, first, three):
    user.press("n")
    right = table(words)
    found = {word: typed(user, word) for word in right}
    second = {word: keys[:3] for word, keys in found.items() if not keys or keys[0] not in right[word]}
    missing = {word: keys[:3] for word, keys in second.items() if not right[word].intersection(keys[:3])}
    assert len(second) <= (1 - first) * len(right), second
    assert len(missing) <= (1 - three) * len(right), missing


def test_every_block_has_other_words_which_find_it():
    candidates = block_candidates()
    for name, cls in node_types().items():
        words = [word.strip() for word in cls.words.split(",") if word.strip()]
        assert cls.hidden or not cls.__module__.startswith("nodes.") or len(words) >= 3, name
        assert len({key_of(word) for word in words} | {key_of(name)}) == len(words) + 1, name
        for word in words[:3]:
            assert name in [one.key for one, _ in find(word, candidates)], (name, word)


@pytest.mark.parametrize(
    "words",
    ["filter filters filtering Filter", "mixer mixers", "quantizer quantise quantising", "delay delays delayed"],
)
def test_stem_is_the_same_for_all_forms_of_a_word(words):
    assert len({stem_of(key_of(word)) for word in words.split()}) == 1


def test_word_without_match_offers_help_search_and_a_block_of_ones_own(user):
    user.press("n")
    assert typed(user, "qxjz")[-2:] == ["help:qxjz", "own block"]
    assert user.view.palette.chosen == -1
    user.press("enter")
    assert not user.document.nodes and user.view.palette is not None


def test_help_search_finds_blocks_by_a_word_of_their_description(user):
    user.presenter.run("search_help", "Poisson")
    entries = user.view.palette.entries
    assert {"dust", "granular"} == {entry.key for entry in entries}
    assert all("Poisson" in entry.doc for entry in entries)
    user.pick("dust")
    assert "help dust" in user.view.panels


def test_block_of_ones_own_is_written_and_added(user, tmp_path, monkeypatch):
    from nodegraph.blocks import registry

    monkeypatch.setenv("NODEGRAPH_NODES", str(tmp_path / "own"))
    monkeypatch.setattr(registry, "_types", dict(node_types()))
    user.press("n")
    typed(user, "qxjz")
    user.press("up", "down", "down", "down", "down", "down", "down", "enter")
    assert user.view.asked[0] == "own block"
    user.answer("my gurgle")
    assert (tmp_path / "own" / "my_gurgle.py").is_file()
    assert [record.type for record in user.document.nodes.values()] == ["my_gurgle"]


def test_demo_patch_is_added_as_a_subpatch_that_undo_removes(user):
    user.press("n")
    user.pick("unison_pad (demo)")
    (node,) = user.document.nodes.values()
    assert node.type == "subpatch" and node.patch is not None
    assert "audio_out" in {inner.type for inner in node.patch.nodes.values()}
    user.press("ctrl+z")
    assert not user.document.nodes


def test_dropped_wire_offers_what_the_included_patches_wire_first(user):
    user.add("adsr")
    user.add("saw")
    user.send(WireDrag(Pin("adsr1", "out", True), (500.0, 300.0), None, True))
    assert user.view.palette.entries[0].key == "vca" and "→ gain" in user.view.palette.entries[0].doc
    user.press("escape")
    user.send(WireDrag(Pin("saw1", "frequency", False), (500.0, 300.0), None, True))
    first = [entry.key for entry in user.view.palette.entries[:8]]
    assert {"note_to_frequency", "notes"} <= set(first), first
