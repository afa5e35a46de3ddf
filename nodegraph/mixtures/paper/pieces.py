"""Generated sounds of ``pairs``: ten pieces of six seconds, always the same, float64 (samples,) at 44.1 kHz."""

from __future__ import annotations

import numpy as np

from nodegraph.files.demos import demo_folder
from nodegraph.files.sound_file import read_sound, resampled

from .instruments import (
    RATE,
    distorted,
    envelope,
    hat,
    hertz,
    in_room,
    kick,
    placed,
    snare,
    string,
    times,
    tone,
    voice,
)

SECONDS = 6.0

Parts = list[tuple[float, np.ndarray]]


def pop_song() -> np.ndarray:
    """Return a melody of vowels at 160 BPM over plucked chords, bass drum, snare drum and hi-hat."""
    beat = 60.0 / 160.0
    melody = [(67, 1, "o"), (69, 1, "a"), (71, 2, "i"), (69, 1, "e"), (67, 1, "o"), (64, 2, "a"), (62, 1, "u")]
    melody += [(64, 1, "i"), (67, 2, "a"), (71, 1, "e"), (69, 3, "o")]
    parts: Parts = []
    at = 0.0
    for note, beats, vowel in melody:
        parts.append((at, 0.5 * voice(hertz(note), vowel, beats * beat, 0.006, 1.15)))
        at += beats * beat
    for number in range(16):
        chord = ((55, 59, 62), (52, 55, 59), (48, 52, 55), (50, 54, 57))[number // 4]
        parts += [(number * beat, 0.12 * string(hertz(note), beat, note)) for note in chord]
        parts.append((number * beat, 0.5 * (snare(1) if number % 2 else kick())))
        parts += [(number * beat + half, 0.3 * hat(2)) for half in (0.0, beat / 2)]
    return placed(SECONDS, parts)


def metal_riff() -> np.ndarray:
    """Return palm-muted distorted fifths with a double bass drum, and a blast beat from 2.75 s on."""
    step = 60.0 / 200.0 / 4.0
    riff = (28, 28, 28, 31, 28, 28, 33, 31)
    guitar: Parts = []
    drums: Parts = []
    for number in range(int(SECONDS / step)):
        at, note = number * step, riff[number // 2 % len(riff)]
        guitar += [(at, string(hertz(note + interval), 1.6 * step, note + interval, 0.3)) for interval in (12, 19, 24)]
        drums.append((at, 0.5 * kick(0.12)))
        if at >= 2.75 or number % 8 == 4:
            drums.append((at, 0.5 * snare(3)))
        if number % 2 == 0:
            drums.append((at, 0.3 * hat(4)))
    return 0.6 * distorted(placed(SECONDS, guitar), 12.0) + placed(SECONDS, drums)


def string_theme() -> np.ndarray:
    """Return a theme of low bowed strings in triple time over a drone."""
    beat = 60.0 / 170.0
    theme = [(55, 3), (48, 3), (51, 0.5), (53, 0.5), (55, 2), (48, 2), (51, 0.5), (53, 0.5), (50, 5)]
    parts: Parts = [(0.0, 0.15 * tone(hertz(36), SECONDS, 1.3) * envelope(SECONDS, 0.3, 0.3))]
    at = 0.0
    for note, beats in theme:
        seconds = beats * beat
        for detune in (-0.08, 0.0, 0.07):
            bowed = tone(hertz(note + detune), seconds, 1.1, 9000.0)
            parts.append((at, 0.2 * bowed * envelope(seconds, min(0.08, seconds / 3), 0.06)))
        at += seconds
    return in_room(placed(SECONDS, parts), 1.2, 0.3, 5)


def vocal_trio() -> np.ndarray:
    """Return three voices in parallel chords."""
    beat = 60.0 / 112.0
    chords = [((69, 65, 60), "a"), ((71, 67, 62), "o"), ((72, 69, 65), "i"), ((74, 71, 67), "a"), ((72, 69, 64), "e")]
    chords += [((71, 67, 62), "u"), ((69, 65, 60), "a"), ((67, 64, 60), "i"), ((69, 65, 60), "o"), ((71, 67, 62), "a")]
    parts = [
        (number * beat, voice(hertz(note + 0.05 * part), vowel, 0.95 * beat, 0.008, 1.1 + 0.05 * part))
        for number, (chord, vowel) in enumerate(chords)
        for part, note in enumerate(chord)
    ]
    return in_room(placed(SECONDS, parts), 0.8, 0.2, 6)


def rock_band() -> np.ndarray:
    """Return a recorded guitar chord, overdriven and repeated, with a backbeat at 130 BPM."""
    beat = 60.0 / 130.0
    chord = _recording("guit_em9.flac")[round(0.1 * RATE) :]
    strums: Parts = []
    drums: Parts = []
    for number in range(13):
        bend = 2.0 ** ((0, 0, 3, 5)[number // 2 % 4] / 12.0)
        strum = _at_speed(chord, bend)[: round(0.9 * beat * RATE)]
        strums.append((number * beat, strum * envelope(len(strum) / RATE, 0.002, 0.05)))
        drums.append((number * beat, 0.6 * (snare(7) if number % 2 else kick())))
        drums += [(number * beat + half, 0.3 * hat(8)) for half in (0.0, beat / 2)]
    return 0.5 * distorted(placed(SECONDS, strums), 5.0) + placed(SECONDS, drums)


def punk_song() -> np.ndarray:
    """Return strummed distorted chords at 180 BPM with fast drums and a shouted line."""
    step = 60.0 / 180.0 / 2.0
    guitar: Parts = []
    rest: Parts = []
    for number in range(int(SECONDS / step)):
        root = (45, 50, 52, 50)[number // 8 % 4]
        guitar += [(number * step, string(hertz(root + i), 1.5 * step, root + i, 0.4)) for i in (0, 7, 12, 16)]
        rest.append((number * step, 0.6 * (snare(9) if number % 2 else kick(0.15))))
        rest.append((number * step, 0.25 * hat(10)))
        if number % 4 < 3:
            vowel = "aeoai"[number % 5]
            rest.append((number * step, 0.35 * voice(hertz(root + 12 + number % 3), vowel, 0.9 * step, 0.03)))
    return 0.5 * distorted(placed(SECONDS, guitar), 6.0) + placed(SECONDS, rest)


def soprano_aria() -> np.ndarray:
    """Return a soprano with vibrato over broken chords of a harpsichord."""
    notes = [(76, 0.9, "a"), (79, 0.45, "a"), (77, 0.45, "a"), (76, 0.9, "e"), (74, 0.45, "e"), (76, 0.45, "i")]
    notes += [(81, 1.3, "a"), (79, 1.1, "o")]
    parts: Parts = []
    at = 0.0
    for note, seconds, vowel in notes:
        parts.append((at, 0.6 * voice(hertz(note), vowel, seconds, 0.025, 1.2)))
        at += seconds
    for number in range(20):
        chord = ((57, 60, 64, 69), (55, 59, 62, 67), (53, 57, 60, 65), (52, 56, 59, 64))[number // 6 % 4]
        note = chord[number % 4]
        parts.append((number * 0.31, 0.25 * string(hertz(note), 0.6, note, 0.15)))
    return in_room(placed(SECONDS, parts), 1.5, 0.25, 11)


def folk_dance() -> np.ndarray:
    """Return an accordion with off-beat chords, a bass and claps."""
    beat = 60.0 / 132.0
    tune = (67, 71, 74, 71, 72, 69, 67, 66, 67, 71, 74, 79, 78, 74, 71, 67, 69, 66, 62, 66, 67, 71, 67, 67, 71, 74)
    parts: Parts = []
    for number, note in enumerate(tune):
        parts += [(number * beat / 2, 0.18 * _reed(note + detune, 0.95 * beat / 2)) for detune in (-0.1, 0.1)]
    for number in range(13):
        root = (43, 48, 43, 50)[number // 4]
        bass = tone(hertz(root), 0.7 * beat, 2.0, 2000.0) * envelope(0.7 * beat, 0.02, 0.1)
        parts.append((number * beat, 0.4 * bass))
        parts += [(number * beat + beat / 2, 0.1 * _reed(root + 12 + i, 0.4 * beat)) for i in (0, 4, 7)]
        parts.append((number * beat + beat / 2, 0.3 * snare(12, 0.08)))
    return placed(SECONDS, parts)


def zebra_finch() -> np.ndarray:
    """Return a motif of chirps, harmonic stacks and noises of a zebra finch, repeated with pauses."""
    syllables = [(3200.0, 4800.0, 0.05, 0.0), (640.0, 600.0, 0.1, 0.0), (2400.0, 6500.0, 0.06, 0.0)]
    syllables += [(700.0, 520.0, 0.14, 0.15), (5200.0, 3000.0, 0.07, 0.0), (580.0, 620.0, 0.12, 0.05)]
    rng = np.random.default_rng(13)
    parts: Parts = []
    for start in (0.05, 0.85, 1.65, 2.75, 3.55, 4.35, 5.15):
        at = start
        for first, last, seconds, noise in syllables:
            sweep = first * (last / first) ** (times(seconds) / seconds)
            call = tone(sweep, seconds, 0.5, 9000.0) + noise * 10.0 * rng.normal(size=len(times(seconds)))
            parts.append((at, 0.3 * call / np.abs(call).max() * envelope(seconds, 0.006, 0.012)))
            at += seconds + 0.025
    return in_room(placed(SECONDS, parts), 0.3, 0.05, 14)


def choir() -> np.ndarray:
    """Return slow minor chords of sixteen detuned voices in a church."""
    rng = np.random.default_rng(15)
    chords = [((50, 57, 62, 65), "o"), ((50, 58, 62, 67), "a"), ((49, 57, 61, 64), "u")]
    parts: Parts = []
    for number, (chord, vowel) in enumerate(chords):
        for note in (*chord, *(note + 12 for note in chord[2:])):
            for _ in range(3):
                sung = voice(
                    hertz(note + rng.normal() * 0.12), vowel, 2.2, 0.012 * rng.random(), 1.0 + 0.1 * rng.random()
                )
                parts.append((2.0 * number + 0.05 * rng.random(), sung * envelope(len(sung) / RATE, 0.4, 0.4)))
    return in_room(placed(SECONDS, parts), 3.0, 1.0, 16)


def piano_clusters() -> np.ndarray:
    """Return isolated clusters of a recorded piano at several pitches."""
    piano = _recording("ambi_piano.flac")
    clusters = [(0.0, (0, 1, 2)), (0.7, (14, 15)), (1.3, (-12, -11, -10)), (2.4, (7, 8, 13)), (2.7, (19, 20))]
    clusters += [(3.7, (-5, -4, 2)), (4.2, (12, 13, 14)), (5.3, (-8, -7))]
    return placed(SECONDS, [(at, _at_speed(piano, 2.0 ** (n / 12.0))) for at, notes in clusters for n in notes])


def guitar_wall() -> np.ndarray:
    """Return a recorded guitar chord in four detuned layers, distorted, in a long reverberation."""
    chord = _recording("guit_em9.flac")
    layers = [(0.0, _at_speed(chord, speed)) for speed in (0.5, 0.993, 1.0, 1.008)]
    late = [(at, _at_speed(chord, speed)) for at, speed in ((2.0, 0.749), (4.0, 0.667))]
    return in_room(distorted(placed(SECONDS, [*layers, *late]), 15.0), 2.5, 0.7, 17)


def _reed(note: float, seconds: float) -> np.ndarray:
    """Return a free reed, bright, with a soft start."""
    return tone(hertz(note), seconds, 0.8, 8000.0) * envelope(seconds, 0.02, 0.03)


def _recording(name: str) -> np.ndarray:
    """Return a recording of the repository in mono."""
    return read_sound(demo_folder() / "audio" / name, RATE).mean(axis=1).astype(np.float64)


def _at_speed(sound: np.ndarray, speed: float) -> np.ndarray:
    """Return a sound played faster, and so higher, by a factor."""
    return resampled(sound, RATE, RATE / speed)


PIECES = {
    piece.__name__: piece
    for piece in (
        pop_song, metal_riff, string_theme, vocal_trio, rock_band, punk_song, soprano_aria, folk_dance, zebra_finch,
        choir, piano_clusters, guitar_wall,
    )
}  # fmt: skip
