"""Division of sounds into overlapping pieces, and their crossfades."""

import numpy as np
import pytest

from nodegraph.mixtures.pieces import crossfade, divide

CASES = [(11, 10, 2), (19, 10, 3), (100, 10, 3), (101, 12, 4), (1000, 90, 9), (9, 10, 3)]


@pytest.mark.parametrize("frames, longest, overlap", CASES)
def test_pieces_cover_all_frames_and_never_three_overlap(frames, longest, overlap):
    pieces = divide(frames, longest, overlap)
    assert pieces[0].start == 0 and pieces[-1].stop == frames
    lengths = {piece.stop - piece.start for piece in pieces}
    assert len(lengths) == 1 and lengths.pop() <= longest
    for before, after in zip(pieces, pieces[1:]):
        assert overlap - 1 <= before.stop - after.start <= overlap + 1
    for before, after in zip(pieces, pieces[2:]):
        assert before.stop <= after.start


@pytest.mark.parametrize("frames, longest, overlap", CASES)
def test_crossfade_of_sections_of_a_whole_is_the_whole(frames, longest, overlap):
    whole = np.random.default_rng(0).normal(size=(3, frames)).astype(np.float32)
    pieces = divide(frames, longest, overlap)
    joined = crossfade([whole[:, piece] for piece in pieces], pieces)
    np.testing.assert_allclose(joined, whole, atol=1e-6)
    first = crossfade([whole[:, pieces[0]]], pieces)
    np.testing.assert_allclose(first, whole[:, : pieces[0].stop], atol=1e-6)


def test_crossfade_moves_evenly_from_one_piece_to_the_next():
    pieces = divide(28, 16, 4)
    joined = crossfade([np.full((1, 16), value) for value in (0.0, 1.0)], pieces)[0]
    np.testing.assert_allclose(joined[11:17], [0.0, 0.125, 0.375, 0.625, 0.875, 1.0])
    assert (joined[:12] == 0.0).all() and (joined[16:] == 1.0).all()
