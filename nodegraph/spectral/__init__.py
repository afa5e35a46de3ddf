"""Spectral processing: the Fourier transform as a kernel, windows, and phase reconstruction."""
