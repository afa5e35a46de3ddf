"""Entry point of ``python -m nodegraph``."""

import os
import sys

# `python -m` searches the current folder first, in which a patch could bring a folder named like a package
if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()] != [os.path.dirname(os.path.dirname(__file__))]:
    del sys.path[0]

from nodegraph.cli import main

if __name__ == "__main__":
    sys.exit(main())
