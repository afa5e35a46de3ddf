"""Absolute measures: numbers of one sound in units, such as its pitch in Hz. Each module adds a family."""
