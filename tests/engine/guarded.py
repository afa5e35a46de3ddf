"""``python -m tests.engine.guarded [SETTINGS] [BLOCK …]``: run all blocks with guard pages around the engine's memory.

Each buffer, knob, state, table and delay line ends where a page begins that may not be touched, or starts where one
ends: the process dies of a signal at the first access beyond it. Each block runs both ways. The block and its settings
are printed before they run. Lanes do not match, values and settings are extreme, files are missing.

``pytest -p tests.engine.guarded FILE …`` runs tests in such memory, with ``GUARD=start`` guarded at its start.
"""

import ctypes
import mmap
import os
import sys

import numpy as np

from nodegraph.blocks.registry import node_types
from nodegraph.engine.offline import Offline
from nodegraph.graph import GraphError, build_graph
from nodegraph.patch import PatchError
from nodegraph.plan import nodes
from nodegraph.plan.builder import PlanBuilder
from nodegraph.plan.memory import ALIGNMENT, Memory
from tests.nodes.frame_helpers import patch_around

RATE = 8000.0
SAMPLES = 1000
LANES = (1, 1, 1, 2, 3, 8, 17)
LARGEST = 4096  # of a setting: memory for more lanes times seconds is another test
PAGE = mmap.PAGESIZE
READ_WRITE, NO_ACCESS = mmap.PROT_READ | mmap.PROT_WRITE, 0

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class Guarded:
    """Zeroed memory beside a page without access, at its end or its start, as near as the alignment allows."""

    at_start = os.environ.get("GUARD") == "start"

    def __init__(self, size: int, lead: int = 0, alignment: int = ALIGNMENT) -> None:
        body = -(-(max(size, 1) + alignment) // PAGE) * PAGE
        self.length = body + 2 * PAGE
        self.base = libc.mmap(None, self.length, READ_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
        assert self.base not in (None, 2**64 - 1), "no memory is left"
        end = self.base + PAGE + body
        libc.mprotect(self.base, PAGE, NO_ACCESS)
        libc.mprotect(end, PAGE, NO_ACCESS)
        first = self.base + PAGE
        if self.at_start:
            self.address = first + -lead % alignment if lead else first
        else:
            self.address = (end - max(size, 1) + lead) // alignment * alignment - lead

    def __del__(self) -> None:
        libc.munmap(self.base, self.length)

    def array(self, count: int) -> np.ndarray:
        """Return the memory as float32; the array keeps it."""
        memory = (ctypes.c_float * max(count, 1)).from_address(self.address)
        memory.guarded = self
        return np.ctypeslib.as_array(memory)[:count]


def pytest_configure() -> None:
    """Guard the memory of the tests of this process, as a pytest plugin."""
    install()


def install() -> None:
    """Give every engine guarded memory from now on."""
    table = nodes._table.__wrapped__
    line = PlanBuilder.line

    def reserve(self, size, lead=0, alignment=ALIGNMENT):
        self._blocks.append(Guarded(size, lead, alignment))
        return self._blocks[-1].address

    def guarded_line(self, key, length):
        found = line(self, key, length)
        if self.previous is None or found is not self.previous.lines.get(key):
            found = self.plan.state.lines[key] = Guarded(4 * length, alignment=4).array(length)
        return found

    def guarded_table(make, settings, rate):
        values = table(make, settings, rate)
        found = Guarded(values.nbytes, alignment=4).array(len(values))
        found[:] = values
        return found

    Memory.reserve = reserve
    PlanBuilder.line = guarded_line
    nodes._table = guarded_table


def random_value(rng, low, high, default):
    low, high = (default if end is None else float(np.clip(end, -LARGEST, LARGEST)) for end in (low, high))
    return rng.choice([low, high, default, rng.uniform(low, high)])


def random_settings(cls, rng, compiled):
    """Return settings and knobs of a block; lists of knobs have numbers of lanes that may not match.

    Choices are the defaults unless ``compiled``: most of them are compiled into the kernel, a second for each.
    """
    params = {}
    for name, port in cls.spec.inputs.items():
        count = rng.choice(LANES)
        values = [float(random_value(rng, port.min, port.max, port.default)) for _ in range(count)]
        params[name] = values if count > 1 else values[0]
    for name, choice in cls.spec.choices.items():
        params[name] = str(rng.choice(choice.values)) if compiled else choice.default
    for name, option in cls.spec.options.items():
        if isinstance(option.default, bool):
            params[name] = bool(rng.integers(2))
        elif isinstance(option.default, int | float):
            params[name] = type(option.default)(random_value(rng, option.min, option.max, option.default))
    return params


def patch_with(cls, rng, compiled):
    """Return a patch of a block, its frame inputs fed by spectra of some lanes."""
    patch = patch_around(cls.type, **random_settings(cls, rng, compiled))
    for name in cls.spec.frame_inputs:
        patch.set(f"{name}.channels", int(rng.choice([1, 2, 3])))
    return patch


def run(cls, seed) -> bool:
    """Run a block with random settings; return whether the patch was accepted."""
    Guarded.at_start = seed % 2 == 1
    rng = np.random.default_rng([seed // 2, *cls.type.encode()])
    try:
        patch = patch_with(cls, rng, compiled=seed > 1)
        build_graph(patch.document, RATE, allow_outside=True)
    except (GraphError, PatchError):
        return False
    print(cls.type, seed, patch.document.nodes["block"].params, flush=True)
    engine = Offline(patch.document, RATE, allow_outside=True)
    engine.run_samples(SAMPLES)
    engine.close()
    return True


def main() -> None:
    count, *types = sys.argv[1:] or ["4"]
    install()
    chosen = [
        cls for cls in node_types().values() if not (cls.hidden or cls.container) and (not types or cls.type in types)
    ]
    accepted = sum(run(cls, seed) for cls in chosen for seed in range(2 * int(count)))
    print(f"{accepted} of {2 * len(chosen) * int(count)} accepted and run", flush=True)


if __name__ == "__main__":
    main()
