"""The process that compiles fused kernels: reads modules from its input, writes object code and a problem, or ""."""

from __future__ import annotations

import json
import os
import sys
import threading

from nodegraph.native.build import KernelError, object_code

from .parts import read_part, write_part

LOWEST_PRIORITY = 19


def main() -> None:
    """Serve requests until the input ends, or exit after the seconds in the first argument."""
    if hasattr(os, "nice"):
        os.nice(LOWEST_PRIORITY)
    limit = threading.Timer(float(sys.argv[1]), os._exit, (1,))
    limit.daemon = True
    limit.start()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (request := read_part(requests)) is not None:
        code, problem = b"", ""
        try:
            code = object_code("fused", json.loads(request))
        except KernelError as error:
            problem = str(error)
        write_part(answers, code)
        write_part(answers, problem.encode())


if __name__ == "__main__":
    main()
