"""From the typed graph to a plan: data that a small native loop walks.

``compile``    the steps in order
``packing``    similar nodes side by side in one row
``nodes``      nodes to rows; ``inputs`` what they read; ``crossfade`` from old wires to new ones; ``bus`` the output
``frame_rows`` frame nodes, their buffers and clocks; ``event_rows`` lists of events and how they are merged
``rows``       the plan's own kernels and their arguments (mix, crossfade, compensation delay, loop)
``buffers``    who writes and reads which signal, sharing of memory; ``memory`` allocates it
``emit``       writes the finished plan as words; ``layout`` names these words
``keys``       names of the state that a plan hands to the next; ``renaming`` follows nodes that get other ids
``builder``    what the steps share; ``result`` the finished plan
"""

from .compile import compile_plan
from .result import Io, Plan

__all__ = ["Io", "Plan", "compile_plan"]
