"""The plan compiler: from the typed graph to data that a small native loop reads.

``compile``    the compile steps in order
``packing``    similar nodes as lanes of one row
``nodes``      rows of nodes; ``inputs`` the buffers they read; ``crossfade`` from old wires to new; ``bus`` the output
``frame_rows`` frame nodes, their buffers and clocks; ``event_rows`` event lists and how they are merged
``rows``       the kernels that the plan adds and their arguments (mix, crossfade, compensation delay, loop)
``buffers``    readers and writers of signals, and memory sharing; ``memory`` the allocator
``emit``       writes the finished plan as words; ``layout`` names these words
``keys``       keys of migrated state; ``renaming`` replaces ids of renamed nodes
``builder``    the plan under construction; ``result`` the finished plan
"""

from .compile import compile_plan
from .result import Io, Plan

__all__ = ["Io", "Plan", "compile_plan"]
