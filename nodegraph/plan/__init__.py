"""From the typed graph to a plan: data that a small native loop walks.

``compile``    the steps, one after the other
``packing``    like nodes side by side in one row
``nodes``      nodes to rows; ``inputs`` what they read; ``glide`` from old wires to new; ``bus`` the way out
``frame_rows`` frame nodes, their buffers and clocks; ``event_rows`` lists of events and their merging
``rows``       the kernels between the nodes (mixing, gliding, compensating, looping)
``buffers``    who writes and reads what, and sharing of memory; ``memory`` the memory itself
``write``      all of it as words; ``layout`` the words as native code reads them
``draft``      what these steps share; ``result`` what comes out
"""

from .compile import compile_plan
from .result import Io, Plan

__all__ = ["Io", "Plan", "compile_plan"]
