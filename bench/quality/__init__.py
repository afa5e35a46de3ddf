"""``make quality``: the sound of the blocks, measured, beside that of other programs. One table per module."""
