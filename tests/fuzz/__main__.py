"""Command line of the fuzzer: all kinds, some of them, or one input."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from .attempt import kind_names, kind_of, run_once
from .runner import Result, fuzz


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"any of {', '.join(kind_names())}; all by default")
    parser.add_argument("--inputs", type=int, default=100_000, help="number of inputs of all kinds together")
    parser.add_argument("--first", type=int, default=0, help="number of the first input of each kind")
    parser.add_argument("--input", type=int, help="try only this input, without a watch")
    options = parser.parse_args()
    chosen = options.kinds or kind_names()
    if options.input is not None:
        with TemporaryDirectory(prefix="nodegraph-fuzz-") as folder:
            run_once(chosen[0], options.input, Path(folder))
        return 0
    results = fuzz_all(chosen, options.inputs, options.first)
    faults = sum(len(result.faults) for result in results)
    print(f"{sum(result.tried for result in results):,} inputs, {faults} with a fault")
    return 1 if faults else 0


def fuzz_all(chosen: list[str], inputs: int, first: int = 0) -> list[Result]:
    """Share the inputs among kinds by their weights, and print a line for each."""
    weights = {kind: kind_of(kind).WEIGHT for kind in chosen}
    counts = {kind: max(round(inputs * weight / sum(weights.values())), 1) for kind, weight in weights.items()}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = [pool.submit(fuzz, kind, counts[kind], first) for kind in sorted(counts, key=lambda kind: -counts[kind])]
        results = [job.result() for job in jobs]
    for result in sorted(results, key=lambda result: result.kind):
        print(f"{result.kind:16} {result.tried:7,} inputs, {len(result.faults)} with a fault", flush=True)
        for fault, count in result.summary().most_common():
            example = next(number for number, faults in result.faults.items() if fault in faults)
            print(f"    {count} × {fault}   (--input {example})", flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
