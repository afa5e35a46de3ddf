"""The seven pairs: free substitutes for the commercial recordings of the thesis, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """A content and a style by the names of ``SOUNDS``, the contrast of the thesis, and how the pair shows it."""

    name: str
    contrast: str
    content: str
    style: str
    reason: str


# A name is a piece of ``pieces``, a patch of the repository, or a recording in ``patches/audio``.
PAIRS = (
    Pair(
        "pop-metal",
        "American pop → metal",
        "pop_song",
        "metal_riff",
        "a sung melody over a beat at 160 BPM; distorted fifths, with a blast beat from 2.75 s on",
    ),
    Pair(
        "soundtrack-country",
        "soundtrack → country",
        "string_theme",
        "patch:pluck",
        "a theme of low strings in triple time; fingerpicked steel strings",
    ),
    Pair(
        "vocals-rock",
        "Japanese vocal group → rock",
        "vocal_trio",
        "rock_band",
        "three voices in parallel chords; an overdriven electric guitar (recorded) and a drum kit",
    ),
    Pair(
        "punk-electronic",
        "punk → electronic",
        "punk_song",
        "patch:arpeggio",
        "strummed distorted chords and shouts at 180 BPM; a sequenced FM synthesizer",
    ),
    Pair(
        "aria-folk",
        "baroque soprano aria → scrumpy & western",
        "soprano_aria",
        "folk_dance",
        "a soprano with vibrato over a harpsichord; accordion, bass and claps",
    ),
    Pair(
        "birdsong-choir",
        "birdsong → choral requiem",
        "zebra_finch",
        "choir",
        "motifs of a zebra finch; slow chords of many voices in a church",
    ),
    Pair(
        "piano-shoegaze",
        "avant-garde piano → shoegaze",
        "piano_clusters",
        "guitar_wall",
        "isolated clusters of a piano (recorded); a wall of detuned, distorted guitar (recorded)",
    ),
)
