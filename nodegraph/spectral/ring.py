"""Overlap-add ring: frames are added ahead of the read position, and a block plays from it."""


def play_ring(out, ring, read):  # type: ignore[no-untyped-def]
    """Copy samples from ``ring`` (lanes, samples) to ``out`` and clear them.

    ``read`` is the read position of each lane.
    """
    length = ring.shape[1]
    for lane in range(out.shape[1]):
        at = read[lane]
        for i in range(out.shape[0]):
            out[i, lane] = ring[lane, at]
            ring[lane, at] = 0.0
            at = at + 1 if at + 1 < length else 0
        read[lane] = at
