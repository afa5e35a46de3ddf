"""From frames to signals: a ring into which frames write ahead and from which a block plays."""


def play_ring(out, ring, read):  # type: ignore[no-untyped-def]
    """Play what frames have written into ``ring`` (lanes, samples), and leave silence behind.

    ``read`` is where each lane goes on.
    """
    length = ring.shape[1]
    for lane in range(out.shape[1]):
        at = read[lane]
        for i in range(out.shape[0]):
            out[i, lane] = ring[lane, at]
            ring[lane, at] = 0.0
            at = at + 1 if at + 1 < length else 0
        read[lane] = at
