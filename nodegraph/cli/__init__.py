"""The command line: ``nodegraph render``, ``run``, ``check`` …

A command is a file in ``commands``: its name is that of the command, and the function of the same name
in it is what runs, its parameters being the options. There is no list to edit. Whatever is slow to
import is imported inside the functions: ``nodegraph --help`` answers at once.
"""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run one command line; the exit status is 0 done, 1 it failed, 2 wrong usage."""
    from .app import command
    from .errors import report

    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show "→" shows "?" instead
            stream.reconfigure(errors="backslashreplace")
    try:
        status = command().main(args=arguments, prog_name="nodegraph", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except Exception as error:  # wrong usage; what fails inside a command has been reported there
        return report(error, "--json" in arguments)
