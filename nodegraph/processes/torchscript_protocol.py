"""Messages between the program and the process that runs a TorchScript model: plain numbers, never pickles.

The program sends ``START`` and the model, then for each request ``REQUEST`` (the number of vectors) and the vectors.
Each is answered by ``REQUEST`` (a number of bytes), a byte ``ANSWER`` or ``ERROR``, and the output or a text.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

START = struct.Struct("<QQQQQ")
REQUEST = struct.Struct("<Q")
ANSWER, ERROR = 0, 1
MAX_ERROR = 400  # bytes of a text
FREE_BYTES = 4 << 30  # that a model may use, with its weights


class Start(NamedTuple):
    """The fields of ``START``: size of the model, numbers per vector, whether it is a signal, threads (0: default)."""

    bytes: int
    width: int
    output_width: int
    signal: int
    threads: int
