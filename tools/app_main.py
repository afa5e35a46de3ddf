"""The program of the application folder: nodegraph, and the Python of its child processes.

The program starts children by ``python -P -m MODULE`` and ``python -P -c CODE``, with its own executable.
"""

import runpy
import sys
from multiprocessing import freeze_support


def main() -> int:
    freeze_support()
    if sys.argv[1:2] == ["-P"] and sys.argv[2:3] in (["-m"], ["-c"]):
        kind, what = sys.argv[2:4]
        sys.argv = sys.argv[3:] if kind == "-m" else ["-c", *sys.argv[4:]]
        if kind == "-c":
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
        elif what == "nodegraph":
            return run()
        else:
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        return 0
    return run()


def run() -> int:
    from nodegraph.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
