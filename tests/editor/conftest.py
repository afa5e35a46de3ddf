"""Fixtures of the editor tests: one window under Xvfb for all mouse tests, with a screenshot if one fails."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.system import missing, on_ci

settings.register_profile("busy", deadline=None)  # a busy machine must not fail a property
settings.load_profile("busy")

NEEDED = ("dearpygui", "xvfb", "xdotool", "opengl")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_{call.when}", outcome.get_result())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Run window tests last: DearPyGui has one context per process, which windowless views use too."""
    items.sort(key=lambda item: "editor_window" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def display():
    """A virtual X server."""
    for part in NEEDED:
        if reason := missing(part):
            (pytest.fail if on_ci() else pytest.skip)(reason)
    from .robot import Xvfb

    server = Xvfb()
    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = server.display
    yield server.display
    server.stop()
    os.environ.pop("DISPLAY") if before is None else os.environ.update({"DISPLAY": before})


@pytest.fixture(scope="session")
def editor_window(display, jack_dummy, tmp_path_factory):
    """The editor with a window, playing to the JACK server."""
    from nodegraph.editor.app import App
    from nodegraph.editor.sound.live import LiveSound

    from .robot import SIZE, Robot

    app = App(LiveSound(), home=tmp_path_factory.mktemp("home"))
    app.view.show_window(*SIZE)
    app.presenter.strict = True
    robot = Robot(app)
    robot.frames(10)
    yield robot
    app.close()


@pytest.fixture
def robot(editor_window, request):
    """The robot on an empty patch. If the test fails, a screenshot is saved in ``tests/editor/artefacts``."""
    from .robot import ARTEFACTS

    editor_window.clear()
    yield editor_window
    report = getattr(request.node, "report_call", None)
    if report is not None and report.failed:
        editor_window.screenshot(ARTEFACTS / f"{request.node.name}.png")


@pytest.fixture
def user(tmp_path, monkeypatch):
    """A user of a presenter with an empty patch, a fake view and a fake sound."""
    from .user import SimulatedUser

    monkeypatch.setenv("NODEGRAPH_NODES", str(tmp_path / "blocks"))
    user = SimulatedUser(tmp_path / "home")
    yield user
    user.presenter.close()
