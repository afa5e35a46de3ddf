"""Fixtures for all tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from nodegraph.blocks import registry
from tests import example_blocks as blocks
from tests.system import JackServer, is_required, missing

REAL_PARTS = {"jack", "portaudio", "rtmidi", "xvfb"}

# kernels keep their IR, which tests/native/test_proof.py reads
os.environ["NODEGRAPH_KEEP_IR"] = "1"
# and none of those that "make kernels" may have made: the compiler is tested, too
os.environ["NODEGRAPH_PREBUILT"] = ""

# the duration of an example depends on the load of the machine
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests with a real sound server, window or MIDI port as ``alone``: another test would delay them."""
    for item in items:
        parts = {part for mark in item.iter_markers("needs") for part in mark.args}
        if parts & REAL_PARTS or set(getattr(item, "fixturenames", ())) & {"jack_dummy", "jack_to_kill"}:
            item.add_marker("alone")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for part in mark.args:
            _require(part)


def _require(part: str) -> None:
    reason = missing(part)
    if reason and is_required(part):
        pytest.fail(reason, pytrace=False)
    elif reason:
        pytest.skip(reason)


def _running_server() -> JackServer:
    for part in ("jack", "portaudio"):
        _require(part)
    server = JackServer()
    try:
        server.wait_ready()
    except Exception:
        server.stop()
        raise
    return server


@pytest.fixture
def test_blocks() -> Iterator[None]:
    """The blocks of ``tests.example_blocks`` as user blocks; without this fixture they are not in the registry."""
    types = registry.node_types()
    before = dict(types)
    registry.register_module(blocks)
    yield
    types.clear()
    types.update(before)


@pytest.fixture(scope="session")
def jack_dummy() -> Iterator[JackServer]:
    """The JACK server of this process's PortAudio, shared by all tests. Do not kill it."""
    server = _running_server()
    before = {name: os.environ.get(name) for name in server.env}
    os.environ.update(server.env)
    _restart_portaudio()
    yield server
    # PortAudio aborts the process if it is closed after its server.
    if "sounddevice" in sys.modules:
        sys.modules["sounddevice"]._exit_handler()
    server.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    _restart_portaudio()


@pytest.fixture
def jack_to_kill() -> Iterator[JackServer]:
    """A separate JACK server that the test kills. Play to it from another process with its ``env``.

    PortAudio never recovers from the loss of a JACK server within one process.
    """
    server = _running_server()
    yield server
    server.stop()


def _restart_portaudio() -> None:
    """Restart PortAudio, which lists its devices only when it starts."""
    if "sounddevice" in sys.modules:
        sounddevice = sys.modules["sounddevice"]
        sounddevice._exit_handler()
        sounddevice._initialize()
