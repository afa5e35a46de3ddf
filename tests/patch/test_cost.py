"""The cost of the document layer: its imports, and the time of edits."""

import random
import subprocess
import sys
import time

from nodegraph.patch import Patch


def test_import_loads_no_audio_compiler_or_array_libraries():
    code = (
        "import sys; import nodegraph.patch;"
        "heavy = {'numba', 'numpy', 'networkx', 'sounddevice', 'soundfile', 'dearpygui', 'torch'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ten_thousand_random_edits_take_tens_of_microseconds_each():
    patch, dice = Patch(), random.Random(1)
    for _ in range(40):
        patch.add("sine", frequency=220.0, phase=0.0)
    clock = time.process_time()
    for edit in range(10_000):
        ids = list(patch.document.nodes)
        kind = dice.randrange(5)
        if kind == 0:
            patch.add("sine")
            patch.remove(dice.choice(ids))
        elif kind == 1 and patch.document.wires:
            wire = dice.choice(patch.document.wires)
            patch.disconnect(wire.source_ref, wire.target_ref)
        elif kind == 2:
            pair = dice.choice(ids), dice.choice(ids)
            if not any((wire.source, wire.target) == pair for wire in patch.document.wires):
                patch.connect(f"{pair[0]}.out", f"{pair[1]}.phase")
        else:
            patch.set(f"{dice.choice(ids)}.frequency", edit / 10, merge=edit % 2 > 0)
    # ten times the usual time: enough for a slow machine, but not for edits of quadratic cost
    assert (time.process_time() - clock) / 10_000 < 300e-6
