"""The notebook display of patches, graphs, plans, sounds and spectrograms, as SVG and HTML."""

from .patches import MAX_NODES, graph_svg, patch_html
from .sounds import sound_html, waveform_svg
from .spectrograms import spectrogram_html
from .svg import Box, Line, boxes_svg
from .tables import table_html

__all__ = [
    "MAX_NODES",
    "Box",
    "Line",
    "boxes_svg",
    "graph_svg",
    "patch_html",
    "sound_html",
    "spectrogram_html",
    "table_html",
    "waveform_svg",
]
