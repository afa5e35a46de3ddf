"""Messages between the program and the process that runs a TorchScript model: plain numbers, never pickles.

The program sends ``START``, the model and a state, then for each request ``REQUEST`` (the number of vectors) and the
vectors. Each is answered by ``REQUEST`` (a number of bytes), a byte ``ANSWER`` or ``ERROR``, and the output or a text.
The number ``STATE_REQUEST`` asks for the state: the bytes of all buffers of the model, in order; none if the state is
that of the last answer. The answer to ``START`` has the words that name the closed parts, and ``STATE`` if the model
has a state.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

START = struct.Struct("<QQQQQQ")
REQUEST = struct.Struct("<Q")
ANSWER, ERROR = 0, 1
STATE, STATE_REQUEST = "state", 0
MAX_ERROR = 400  # bytes of a text
MAX_STATE_BYTES = 64 << 20  # of a state; a model with larger buffers has none
FREE_BYTES = 4 << 30  # that a model may use, with its weights


class Start(NamedTuple):
    """The fields of ``START``. Sizes are in bytes, widths in numbers per vector; threads: 0 for the default."""

    bytes: int
    width: int
    output_width: int
    signal: int
    threads: int
    state_bytes: int
