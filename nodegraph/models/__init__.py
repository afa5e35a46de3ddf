"""Autoencoders as plain data, and their layers as tables for kernels."""
