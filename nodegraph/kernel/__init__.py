"""From the class of a block to its native kernel and the same computation in Python."""
