"""Comparison measures: small functions of sounds, NumPy arrays (samples,) at a common sample rate.

- :mod:`.comparison` computes all of them for recordings and describes each in one line.
- Content: :mod:`.pitch` and :mod:`.onsets`; both need librosa.
- Style: :mod:`.texture` (statistics of the envelopes of :mod:`.cochlea`), :mod:`.gram`, :mod:`.copying`.
- Spectrum and level: :mod:`.level`, :mod:`.multi_resolution`, :mod:`.log_spectral`, :mod:`.correlation`,
  :mod:`.flatness`.

Sounds that are compared sample by sample or frame by frame start together, and the shorter is continued with silence.
Every measure is finite for finite sounds; its docstring gives the value for silence.
"""
