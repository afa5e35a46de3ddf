"""``python -m bench.quality``: measure the sound of the blocks and of other programs.

python -m bench.quality                          # all tables, on the screen and in bench/results/quality.md
python -m bench.quality oscillators stretching   # some of them
python -m bench.quality --out docs/QUALITY.md
python -m bench.quality oscillators --rate 96000
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import pkgutil
import platform
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nodegraph.files.atomic import write_atomic

from .. import quality
from ..peers.base import ROOT

HELPERS = ("__main__", "heard", "measure", "peers", "recordings")
MODULES = [info.name for info in pkgutil.iter_modules(quality.__path__) if info.name not in HELPERS]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="table", help="tables (default: all)")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results" / "quality.md", help="file to write")
    parser.add_argument("--rate", type=float, default=44100.0, metavar="HZ", help="sample rate (default: 44100)")
    chosen = parser.parse_args()
    os.environ["QUALITY_RATE"] = str(chosen.rate)
    today, console = datetime.date.today(), Console()
    lines = ["# Sound quality", ""]
    machine = f"{platform.machine()}, Python {platform.python_version()}, {chosen.rate:g} Hz"
    lines += [f"Printed by `make quality` on {today}, {machine}.", ""]
    for name in chosen.tables or MODULES:
        module = importlib.import_module(f"{quality.__name__}.{name}")
        rows = module.rows()
        table = Table(title=module.TITLE, title_justify="left")
        for index, heading in enumerate(module.HEADINGS):
            table.add_column(heading, justify="right" if index else "left")
        for row in rows:
            table.add_row(*row)
        console.print(table)
        lines += [f"## {module.TITLE}", "", f"| {' | '.join(module.HEADINGS)} |", f"|{'---|' * len(module.HEADINGS)}"]
        lines += [*(f"| {' | '.join(row)} |" for row in rows), ""]
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(chosen.out, "\n".join(lines).encode())


if __name__ == "__main__":
    main()
