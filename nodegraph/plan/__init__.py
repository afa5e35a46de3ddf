"""From the typed graph to a plan: data that a small native loop walks.

``compile``  the graph laid out as rows
``packing``  like nodes side by side in one row
``buffers``  who writes and reads what, and sharing of memory
``rows``     the kernels between the nodes (mixing, gliding, compensating, looping)
``layout``   the words as native code reads them
``memory``   aligned memory at fixed addresses
"""

from .compile import Io, Plan, compile_plan

__all__ = ["Io", "Plan", "compile_plan"]
