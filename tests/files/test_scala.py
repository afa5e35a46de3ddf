"""Scales and keyboard mappings in the formats of Scala."""

import numpy as np
import pytest

from nodegraph.files.scala import EQUAL, KeyboardMapping, TuningError, read_mapping, read_scale, tuned_keys

PYTHAGOREAN = """! pyth.scl
!
Pythagorean, seven notes
 7
!
 9/8 a whole tone
 81/64
 498.045
 3/2
 27/16
 243/128
 2
"""
WHITE_KEYS = """! white keys, A at 432 Hz
12
0
127
60
69
432.0
7
0
x
1
x
2
3
x
4
x
5
x
6
"""


def saved(tmp_path, text, name="x.scl"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def hertz(semitones):
    return 440.0 * 2.0 ** ((np.asarray(semitones) - 69.0) / 12.0)


def test_equal_temperament_is_the_default():
    assert np.allclose(tuned_keys(EQUAL, KeyboardMapping()), np.arange(128.0), atol=1e-9)


@pytest.mark.parametrize("divisions", [5, 19, 31])
def test_equal_divisions_follow_one_another_from_middle_c(tmp_path, divisions):
    pitches = [f"{1200.0 * k / divisions:.6f}" for k in range(1, divisions)] + ["2/1"]
    scale = read_scale(saved(tmp_path, f"equal\n{divisions}\n" + "\n".join(pitches)))
    expected = 60.0 + 12.0 * (np.arange(128) - 60) / divisions
    assert np.allclose(tuned_keys(scale, KeyboardMapping()), expected, atol=1e-6)


def test_ratios_and_cents_of_a_scale_on_mapped_keys(tmp_path):
    scale = read_scale(saved(tmp_path, PYTHAGOREAN))
    keys = hertz(tuned_keys(scale, read_mapping(saved(tmp_path, WHITE_KEYS, "x.kbm"))))
    assert keys[69] == pytest.approx(432.0)
    assert keys[[60, 62, 67, 72, 81, 48]] / keys[60] == pytest.approx([1.0, 9 / 8, 3 / 2, 2.0, 27 / 8, 0.5])
    assert keys[61] == keys[60] and keys[66] == keys[65]  # keys without a note


def test_keys_outside_the_mapped_range_keep_equal_temperament():
    keys = tuned_keys(EQUAL, KeyboardMapping(first=40, last=80, frequency=300.0))
    assert keys[39] == 39.0 and keys[81] == 81.0 and hertz(keys[60]) == pytest.approx(300.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'x.scl' is not a Scala scale"),
        ("only\n3\n9/8\n2/1", "'x.scl' has 2 pitches, but should have 3"),
        ("d\n0\n", "the number of notes must lie in 1–4096, got '0'"),
        ("d\nmany\n", "the number of notes must lie in 1–4096, got 'many'"),
        ("d\n1\n3/0\n", "a pitch must be cents such as 701.955 or a ratio such as 3/2, got '3/0'"),
        ("d\n1\n-2\n", "got '-2'"),
        ("d\n1\nnan.\n", "got 'nan.'"),
        ("d\n1\n1e99.\n", "got '1e99.'"),
        ("\0", "is not a text file of Scala"),
    ],
)
def test_wrong_scale_is_one_line(tmp_path, text, words):
    with pytest.raises(TuningError) as caught:
        read_scale(saved(tmp_path, text))
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("12\n0\n", "is not a Scala keyboard mapping"),
        ("0\n0\n127\n60\n200\n440\n0\n", "the reference key must lie in 0–127, got '200'"),
        ("0\n0\n127\n60\n69\n0\n0\n", "the reference frequency must lie in 0.001–1e+06, got '0'"),
        ("1\n0\n127\n60\n69\n440\n12\n1.5\n", "a key must be a whole number, got 1.5"),
    ],
)
def test_wrong_mapping_is_one_line(tmp_path, text, words):
    with pytest.raises(TuningError) as caught:
        read_mapping(saved(tmp_path, text, "x.kbm"))
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_reference_key_needs_a_note(tmp_path):
    mapping = read_mapping(saved(tmp_path, WHITE_KEYS.replace("\n69\n", "\n61\n"), "x.kbm"))
    with pytest.raises(TuningError, match="the reference key 61 has no note"):
        tuned_keys(read_scale(saved(tmp_path, PYTHAGOREAN)), mapping)


@pytest.mark.parametrize("seed", range(20))
def test_random_files_are_tunings_or_refused_in_one_line(tmp_path, seed):
    rng = np.random.default_rng(seed)
    words = "0 1 2 12 60 127 x -3 3/2 0/0 1e99. 701.955 99999.9 440.0 ! é 1_0".split()
    for _ in range(50):
        lines = [str(word) for word in rng.choice(words, rng.integers(0, 20))]
        path = saved(tmp_path, "\n".join(lines))
        scale, mapping = EQUAL, KeyboardMapping()
        try:
            scale = read_scale(path)
        except TuningError as error:
            assert "\n" not in str(error)
        try:
            mapping = read_mapping(path)
        except TuningError as error:
            assert "\n" not in str(error)
        try:
            assert np.isfinite(np.float32(hertz(tuned_keys(scale, mapping)))).all()
        except TuningError as error:
            assert "has no note" in str(error)
