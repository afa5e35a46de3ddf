"""Without memory for the next plan an edit is refused in one line, and the playing plan continues."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PLAYING = """
import json, resource, sys, time
from contextlib import suppress
from pathlib import Path
from nodegraph.api import Patch, play
from nodegraph.engine.core import EngineError

patch = Patch()
patch.add("sine", id="osc", frequency=[100.0 + 10.0 * k for k in range(40)], amplitude=0.01)
patch.add("delay", id="short", max_time=0.1)
patch.add("audio_out", id="out")
patch.connect("osc.out", "short.audio")
patch.connect("short.out", "out.audio")
live = play(patch, null=True)
time.sleep(0.2)
plan = live.plan
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), resource.RLIM_INFINITY))
found = {"messages": []}
for edit in range(3):
    try:
        patch.set("short.max_time", 50.0 + edit)  # 350 MB in 40 lanes
        found["messages"].append("")
    except EngineError as error:
        found["messages"].append(str(error))
found["same plan"] = live.plan is plan and live.is_playing(plan)
before = live.clock
time.sleep(0.3)
found["plays"] = live.clock > before and live.playing
patch.set("osc.amplitude", 0.02)
for _ in range(3):
    with suppress(EngineError):  # the first undo leads to another large delay
        patch.undo()
patch.set("short.max_time", 0.2)
found["edited"] = live.plan is not plan
found["faults"] = live.stop().faults
print(json.dumps(found))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the address space, which only Linux keeps")
def test_edit_that_needs_too_much_memory_is_refused_and_the_old_plan_plays_on():
    done = subprocess.run([sys.executable, "-c", PLAYING], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    message = (
        "not enough memory for the patch; what played before plays on. "
        "Undo the edit, shorten delay lines, or close other programs."
    )
    assert found["messages"] == [message] * 3
    assert found["same plan"] and found["plays"] and found["edited"] and found["faults"] == []
