"""Autoencoders as plain data, and tables of their layers for kernels."""
