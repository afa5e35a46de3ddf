"""Build the application folder of PyInstaller, and try it: the sound of a demo, the window, the desktop entry.

python -m tests.delivery.app_check FOLDER
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import ImageGrab

from nodegraph.files.demos import demo_patch
from tests.delivery.wheel import ROOT, demo_digest
from tests.editor.robot import Xvfb

WINDOW_SECONDS = 120.0  # until the window must be drawn; kernels may be compiled before
COLOURS = 100  # of a window with blocks, at least


def main() -> int:
    folder = Path(sys.argv[1]).absolute()
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([ROOT / "tools" / "build-app", base, folder], check=True)
    program = str(folder / "nodegraph" / "nodegraph")
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        env = {"HOME": name, "PATH": os.defpath, "LANG": "C.UTF-8"}
        for what, problem in problems(program, home, env):
            print(f"{what}: {problem or 'right'}", flush=True)
            faults += bool(problem)
    return int(faults > 0)


def problems(program: str, home: Path, env: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Generate what is tried, and what is wrong with it or ""."""
    (home / "checkout").mkdir()
    expected = demo_digest([sys.executable, "-P", "-m", "nodegraph"], home / "checkout", dict(os.environ))
    started = time.monotonic()
    same = demo_digest([program], home, env) == expected
    yield f"demo, in {time.monotonic() - started:.1f} s", "" if same else "other samples than the checkout"
    yield "lessons", problem_of([program, "lesson"], home, env)
    yield "desktop entry", problem_of([program, "desktop"], home, env) or entry_problem(home)
    yield "window", window_problem(program, home, env)


def problem_of(command: list[str], home: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True)
    return (done.stderr or done.stdout).strip() if done.returncode else ""


def entry_problem(home: Path) -> str:
    """Return what is wrong with the installed desktop entry, by the validator of freedesktop.org, or ""."""
    validator = shutil.which("desktop-file-validate")
    if validator is None:
        return "desktop-file-validate not found: apt-get install desktop-file-utils"
    (entry,) = home.rglob("nodegraph.desktop")
    done = subprocess.run([validator, "--warn-kde", entry], capture_output=True, text=True)
    return done.stdout.strip()


def window_problem(program: str, home: Path, env: dict[str, str]) -> str:
    """Open the editor with a demo in a virtual display; return why it has no window with blocks, or ""."""
    server = Xvfb((1280, 720))
    patch = shutil.copy(demo_patch("first_sound"), home)
    editor = subprocess.Popen(
        [program, "edit", "--null", str(patch)],
        env=env | {"DISPLAY": server.display},
        cwd=home,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + WINDOW_SECONDS
        while time.monotonic() < end and editor.poll() is None:
            picture = ImageGrab.grab(xdisplay=server.display)
            if len(picture.getcolors(1 << 24) or ()) >= COLOURS:
                picture.save(Path(program).parents[1] / "window.png")
                editor.send_signal(signal.SIGTERM)
                status = editor.wait(30)
                return f"it ends with status {status}" if status else ""
            time.sleep(1.0)
        return "no window" if editor.poll() is None else f"it ends: {editor.stderr.read().strip()}"
    finally:
        editor.kill()
        editor.wait()
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
