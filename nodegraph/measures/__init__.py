"""Measures of sounds: small functions of NumPy arrays.

Absolute measures are numbers of one sound, in units: :mod:`.registry` finds them in :mod:`.absolute`, each with its
options and tolerance. Comparison measures are functions of sounds (samples,) at a common rate:

- :mod:`.comparison` computes all of them for recordings and describes each in one line.
- Content: :mod:`.pitch` and :mod:`.onsets`; both need librosa.
- Style: :mod:`.texture` (statistics of the envelopes of :mod:`.cochlea`), :mod:`.gram`, :mod:`.copying`.
- Spectrum and level: :mod:`.level`, :mod:`.multi_resolution`, :mod:`.log_spectral`, :mod:`.correlation`,
  :mod:`.flatness`.

Sounds that are compared sample by sample or frame by frame start together, and the shorter is continued with silence.
Every measure is finite for finite sounds; its docstring gives the value for silence.
"""
