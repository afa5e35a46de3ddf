"""The command line: ``nodegraph render``, ``run``, ``check`` …

A command is a file in ``commands`` with a function of the same name; the parameters of the function are the options
of the command. A folder in ``commands`` is a group of commands. There is no list to edit. Modules that are slow to
import are imported inside the functions, so that ``nodegraph --help`` is fast.
"""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run one command line; return its exit status: 0 success, 1 failure, 2 wrong usage."""
    from .app import command
    from .errors import report

    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without "→" prints an escape sequence
            stream.reconfigure(errors="backslashreplace")
    try:
        status = command().main(args=arguments, prog_name="nodegraph", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except Exception as error:  # wrong usage; commands report their own errors
        return report(error, "--json" in arguments)
