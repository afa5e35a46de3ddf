"""The process that runs a TorchScript model: ``python -m nodegraph.processes.torchscript_main``.

It reads a header, the model and its state, then vectors, from stdin, and answers on stdout; see
``torchscript_process.py``. It closes itself before it reads anything.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
import warnings
from contextlib import suppress
from typing import Any, BinaryIO

from .isolation import isolate, limit_memory
from .torchscript_protocol import (
    ANSWER,
    ERROR,
    FREE_BYTES,
    MAX_ERROR,
    MAX_STATE_BYTES,
    REQUEST,
    START,
    STATE,
    STATE_REQUEST,
    Start,
)


def main() -> None:
    """Answer requests until stdin ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # what a model prints must not look like an answer
    os.dup2(null, 2)
    warnings.simplefilter("ignore")
    closed = isolate([os.path.dirname(os.path.dirname(__file__))])
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        import torch

        start = Start(*START.unpack(_read(requests, START.size)))
        if start.threads:
            torch.set_num_threads(start.threads)
        if limit_memory(FREE_BYTES):
            closed.append("memory")
        model = torch.jit.load(io.BytesIO(_read(requests, start.bytes)), map_location="cpu").eval()
        _run(model, start, 1, b"\0" * (4 * start.width))
        _restore_state(model, _read(requests, start.state_bytes))
        words = [*closed, STATE] if _state_of(model) else closed
        _answer(answers, ANSWER, " ".join(words).encode())
    except Exception as error:
        _answer(answers, ERROR, _text(error))
        return
    sent = b""
    while header := requests.read(REQUEST.size):
        (count,) = REQUEST.unpack(header)
        try:
            if count == STATE_REQUEST:
                state = _state_of(model)
                found, sent = b"" if state == sent else state, state
            else:
                found = _run(model, start, count, _read(requests, 4 * count * start.width))
        except Exception as error:
            _answer(answers, ERROR, _text(error))
            return
        _answer(answers, ANSWER, found)


def _end_with(parent: int) -> None:
    """End this process, even in the middle of a call, when the program that started it has ended."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(0)


def _run(model: Any, start: Start, count: int, data: bytes) -> bytes:
    """Return the output for float32 vectors, (count, width) to (count, output_width), as bytes."""
    import torch

    vectors = torch.frombuffer(bytearray(data), dtype=torch.float32).reshape(count, start.width)
    given = vectors[:, None, :] if start.signal else vectors
    with torch.inference_mode():
        found = model(given)
    if not isinstance(found, torch.Tensor):
        raise TypeError("it does not return a tensor")
    shape = (count, 1, start.output_width) if start.signal else (count, start.output_width)
    if tuple(found.shape) != shape:
        raise ValueError(f"it returns {list(found.shape)} for {list(given.shape)}, not {list(shape)}")
    return found.to(torch.float32).contiguous().numpy().tobytes()


def _state_of(model: Any) -> bytes:
    """Return the values of all buffers of the model, b"" if there are none or too many."""
    import torch

    buffers = _buffers(model)
    if not 0 < sum(buffer.nbytes for buffer in buffers) <= MAX_STATE_BYTES:
        return b""
    return torch.cat([buffer.reshape(-1).contiguous().view(torch.uint8) for buffer in buffers]).numpy().tobytes()


def _buffers(model: Any) -> list[Any]:
    """Return the plain buffers of the model: anew for each state, because a model may replace them."""
    import torch

    buffers = [buffer.detach() for _, buffer in model.named_buffers()]
    return [buffer for buffer in buffers if buffer.layout == torch.strided and not buffer.is_quantized]


def _restore_state(model: Any, data: bytes) -> None:
    """Set the buffers of the model; a state of another size is ignored."""
    import torch

    buffers = _buffers(model)
    if len(data) != sum(buffer.nbytes for buffer in buffers):
        return
    start = 0
    with torch.inference_mode():
        for buffer in buffers:
            part = bytearray(data[start : start + buffer.nbytes])
            start += buffer.nbytes
            with suppress(RuntimeError):  # of a buffer whose elements share memory
                if part:
                    buffer.copy_(torch.frombuffer(part, dtype=buffer.dtype).reshape(buffer.shape))


def _read(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise SystemExit(0)  # the program has ended
    return data


def _answer(file: BinaryIO, kind: int, data: bytes) -> None:
    file.write(REQUEST.pack(len(data)) + bytes([kind]) + data)
    file.flush()


def _text(error: Exception) -> bytes:
    """Return the most informative line of an error."""
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return f"it needs more than {FREE_BYTES >> 30} GB of memory".encode()
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    informative = [line for line in lines if "Error" in line and ":" in line] or lines or [type(error).__name__]
    return informative[-1 if len(informative) > 1 else 0].encode()[:MAX_ERROR]


if __name__ == "__main__":
    main()
