"""The quantum: the number of samples that the engine computes at a time, for any device block size."""

QUANTUM = 64
