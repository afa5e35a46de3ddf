"""Kinds of input.

Each module has ``attempt(rng, folder)``, which makes an input and uses it; ``ERRORS``, which that may raise, of one
line unless ``LINES``; ``WEIGHT``, its share of all inputs; and if necessary ``prepare()``, which is not watched.
"""
