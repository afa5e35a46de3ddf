"""Frames: the Fourier transform as a kernel, windows, and phase from magnitude."""
