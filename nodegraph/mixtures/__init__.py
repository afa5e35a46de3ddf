"""Mixtures of two sounds."""
