"""The three forms of a spectrogram as an image: round trips, the curve, the example of the thesis."""

import numpy as np
import pytest

from nodegraph.mixtures.image_forms import FORMS, code_of, fold, replicate, split, value_of


@pytest.fixture
def magnitudes():
    """Magnitudes on both sides of the knee, with the ends of the range."""
    values = np.random.default_rng(0).uniform(0.0, 12.0, (9, 5)).astype(np.float32)
    values[0] = [0.0, 10.0, 255.0, 100.0, 1e-3]
    return values


@pytest.mark.parametrize("bins", [7, 8, 9])
@pytest.mark.parametrize("name", ["fold", "replicate"])
def test_fold_and_replicate_are_lossless(magnitudes, name, bins):
    form = FORMS[name]
    np.testing.assert_array_equal(form.magnitudes_of(form.image_of(magnitudes[:bins]), bins), magnitudes[:bins])


def test_split_is_exact_to_half_a_step_of_the_curve(magnitudes):
    image = split(magnitudes)
    found = FORMS["split"].magnitudes_of(image, 9)
    step = np.where(magnitudes <= 10.0, 1.0 / 1.6e6, 245.0 / (2**24 - 1 - 16e6))
    rounding = np.spacing(magnitudes)  # of float32
    assert (np.abs(found - magnitudes) <= 0.5 * step + rounding).all()
    np.testing.assert_array_equal(split(found), image)


def test_fold_puts_three_adjacent_bins_into_the_colours_of_a_row(magnitudes):
    image = fold(magnitudes)
    assert image.shape == (3, 3, 5)
    np.testing.assert_array_equal(image[:, 1], magnitudes[3:6])


def test_fold_completes_the_last_row_with_zeros():
    assert fold(np.ones((2049, 1), np.float32)).shape == (3, 683, 1)
    np.testing.assert_array_equal(fold(np.ones((2, 1), np.float32)).ravel(), [1.0, 1.0, 0.0])


def test_replicate_repeats_the_value(magnitudes):
    assert (replicate(magnitudes) == magnitudes).all()


def test_split_of_the_example_in_the_thesis():
    assert code_of(np.array([0.7329])) == 1172640
    np.testing.assert_array_equal(split(np.array([[0.7329]])).ravel(), [160.0, 228.0, 17.0])


def test_curve_of_the_split_form_rises_over_the_full_range():
    x = np.linspace(0.0, 255.0, 5001)
    codes = code_of(x)
    assert (np.diff(codes) > 0).all()
    assert codes[0] == 0 and codes[-1] == 2**24 - 1
    assert code_of(np.array([10.0])) == 16_000_000
    np.testing.assert_allclose(value_of(codes), x, atol=2e-4)
    np.testing.assert_array_equal(code_of(np.array([-1.0, 300.0])), [0, 2**24 - 1])
