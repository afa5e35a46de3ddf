"""All blocks in memory between guard pages: no kernel touches memory that is not its own."""

import signal
import subprocess
import sys

import pytest

PLANTED = """
import sys
from nodegraph.graph import lanes
from tests.engine import guarded
lanes._unequal_widths = lambda node, widths: []
sys.argv = ["guarded", "8", "pan"]
guarded.main()
"""
OFF_BY_ONE = """
import sys
from nodegraph.blocks import registry
from tests.engine import guarded, off_by_one
registry.register_module(off_by_one)
sys.argv = ["guarded", "1", sys.argv[1]]
guarded.main()
"""


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=300)


def test_no_block_accesses_memory_beyond_its_own():
    found = run("-m", "tests.engine.guarded", "1")
    assert found.returncode == 0, f"{found.stdout.splitlines()[-1:]}: {found.stderr}"
    accepted, _, total, *_ = found.stdout.splitlines()[-1].split()
    assert int(accepted) > 0.5 * int(total)


def test_access_beyond_the_lanes_of_an_input_is_caught():
    found = run("-c", PLANTED)
    assert found.returncode == -signal.SIGSEGV
    assert found.stdout.splitlines()[-1].startswith("pan ")


@pytest.mark.parametrize("type", ["one_after", "one_before"])
def test_kernel_that_is_off_by_one_is_caught(type):
    found = run("-c", OFF_BY_ONE, type)
    assert found.returncode == -signal.SIGSEGV
    assert found.stdout.splitlines()[-1].startswith(f"{type} ")
