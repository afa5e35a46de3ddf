"""The quantum: the engine computes this many samples at a time, whatever block size the device asks for."""

QUANTUM = 64
