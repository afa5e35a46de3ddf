"""A zone of a sampled instrument, whatever file it comes from."""

from __future__ import annotations

from dataclasses import dataclass

MAX_ZONES = 4096  # of an instrument
LOOP_MODES = ("no_loop", "one_shot", "loop_continuous", "loop_sustain")


@dataclass(frozen=True)
class SampleZone:
    """A sample, the keys and velocities (0–127) that play it, and how; the names are those of SFZ opcodes.

    ``offset``, ``end``, ``loop_start`` and ``loop_end`` are frames of the sample, the ends inclusive, -1 for the end of
    the sample; ``tune`` is in cents, ``volume`` in dB, ``pan`` in percent from -100 (left) to 100, ``ampeg_sustain`` in
    percent, other ``ampeg`` in s.
    """

    sample: str = ""
    lokey: int = 0
    hikey: int = 127
    pitch_keycenter: int = 60
    lovel: int = 0
    hivel: int = 127
    loop_mode: str = "no_loop"
    loop_start: int = 0
    loop_end: int = -1
    offset: int = 0
    end: int = -1
    volume: float = 0.0
    pan: float = 0.0
    tune: float = 0.0
    transpose: float = 0.0
    ampeg_delay: float = 0.0
    ampeg_attack: float = 0.0
    ampeg_hold: float = 0.0
    ampeg_decay: float = 0.0
    ampeg_sustain: float = 100.0
    ampeg_release: float = 0.0
