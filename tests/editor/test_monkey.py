"""A hundred random clicks, drags and keys; ``make monkey`` runs for two minutes."""

from __future__ import annotations

import pytest

from .monkey import Monkey, faults, keep_inside

pytestmark = pytest.mark.needs("dearpygui", "xvfb", "xdotool", "opengl", "jack", "portaudio")


def test_editor_survives_random_input(robot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    go = robot.view.files._go
    keep_inside(robot, tmp_path)
    monkey = Monkey(robot, seed=7)
    try:
        for _ in range(100):
            monkey.act()
        assert faults(robot, tmp_path) == []
    finally:
        robot.view.files._go = go
