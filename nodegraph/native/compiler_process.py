"""A process that optimises kernels: reads their sources from its input, writes the code and a problem, or "".

It starts fast, because it needs neither the patch nor NumPy nor the compiler's front end. Arguments: its priority, and
the seconds after which it exits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

from nodegraph.processes.python_child import python_command, python_environment

from .build import KernelError, KernelSource
from .parts import read_part, write_part
from .target import host

LOWEST_PRIORITY = 19


def start_compiler_process(priority: int, seconds: float) -> subprocess.Popen[bytes]:
    """Start a process that compiles. Raises OSError."""
    return subprocess.Popen(
        python_command("-m", __name__, str(priority), str(seconds)),
        env=python_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def send_source(process: subprocess.Popen[bytes], source: KernelSource) -> None:
    """Let the process compile a kernel. Raises BrokenPipeError if it has ended."""
    assert process.stdin is not None
    write_part(process.stdin, json.dumps(source).encode())


def receive_code(process: subprocess.Popen[bytes]) -> bytes | None:
    """Return the code of the next kernel, or None if the process has ended. Raises KernelError if it was refused."""
    assert process.stdout is not None
    code, problem = read_part(process.stdout), read_part(process.stdout)
    if code is None or problem is None:
        return None
    if problem:
        raise KernelError(problem.decode())
    return code


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End the process without waiting for its answers."""
    process.kill()
    process.communicate()


def main() -> None:
    """Serve requests until the input ends."""
    if hasattr(os, "nice"):
        os.nice(int(sys.argv[1]))
    limit = threading.Timer(float(sys.argv[2]), os._exit, (1,))
    limit.daemon = True
    limit.start()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (request := read_part(requests)) is not None:
        code, problem = b"", ""
        try:
            code = KernelSource(*json.loads(request)).code(host())
        except KernelError as error:
            problem = str(error)
        write_part(answers, code)
        write_part(answers, problem.encode())


if __name__ == "__main__":
    main()
