"""Analysis and synthesis windows: exact reconstruction with any pair, and blocks that need the same one."""

import itertools

import pytest

from nodegraph.graph import GraphError, build_graph
from nodegraph.spectral.windows import WINDOWS
from tests.rendering import patch_of, sound_of

SIZE, SAMPLES = 1024, 12_000


@pytest.mark.parametrize(("window", "synthesis"), list(itertools.product(WINDOWS, WINDOWS)))
def test_reconstruction_is_exact_for_any_pair_of_windows(window, synthesis):
    noise = sound_of(patch_of("noise.out out.audio", noise="white_noise", out="audio_out"), SAMPLES)
    patch = patch_of(
        "noise.out stft.audio", "stft.spectrum inverse.spectrum", "inverse.out out.audio", noise="white_noise",
        stft=("stft", {"size": SIZE, "hop": 128, "window": window}), inverse=("inverse_stft", {"window": synthesis}),
        out="audio_out",
    )  # fmt: skip
    assert sound_of(patch, SAMPLES)[2 * SIZE :] == pytest.approx(noise[SIZE:-SIZE], abs=1e-5)


@pytest.mark.parametrize("kind", ["add_spectra", "mix_spectra"])
@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(WINDOWS, 2)))
def test_sum_of_spectra_with_different_windows_is_refused(kind, a, b):
    def patch(a, b):
        return patch_of(
            "osc.out a.audio", "osc.out b.audio", "a.spectrum sum.a", "b.spectrum sum.b", "sum.out inverse.spectrum",
            osc="sine", a=("stft", {"window": a}), b=("stft", {"window": b}), sum=kind, inverse="inverse_stft",
        )  # fmt: skip

    assert build_graph(patch(a, a).document, 44100.0).node("inverse").settings["analysis_window"] == a
    with pytest.raises(GraphError, match=rf"windows of a and b must be equal, got {a} and {b}\. Set both to the same"):
        build_graph(patch(a, b).document, 44100.0)


@pytest.mark.parametrize("kind", ["rtisi_la", "momentum_rtisi", "phase_gradient"])
def test_phase_reconstruction_refuses_another_window_than_that_of_the_frames(kind):
    def patch(window):
        return patch_of(
            "osc.out stft.audio", "stft.spectrum size.spectrum", "size.magnitude gain.magnitude",
            "gain.out phase.magnitude", osc="sine", stft=("stft", {"window": "blackman"}), size="magnitude",
            gain="frame_gain", phase=(kind, {"window": window}),
        )  # fmt: skip

    build_graph(patch("blackman").document, 44100.0)
    with pytest.raises(GraphError, match=r"window must be that of its frames, blackman, got hann\. Set both"):
        build_graph(patch("hann").document, 44100.0)
