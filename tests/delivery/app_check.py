"""Build the application folder of PyInstaller, and compare the sound of its demo with the checkout's.

python -m tests.delivery.app_check FOLDER
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.delivery.wheel import ROOT, demo_digest


def main() -> int:
    folder = Path(sys.argv[1]).absolute()
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([ROOT / "tools" / "build-app", base, folder], check=True)
    program = [str(folder / "nodegraph" / "nodegraph")]
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        env = {"HOME": name, "PATH": os.defpath, "LANG": "C.UTF-8"}
        (home / "checkout").mkdir()
        expected = demo_digest([sys.executable, "-P", "-m", "nodegraph"], home / "checkout", dict(os.environ))
        found = demo_digest(program, home, env)
        lessons = subprocess.run([*program, "lesson"], env=env, cwd=name, capture_output=True, text=True)
    same = found == expected
    print(f"demo: {'the same samples as the checkout' if same else 'OTHER SAMPLES than the checkout'}")
    print(f"lessons: {'listed' if lessons.returncode == 0 else lessons.stderr.strip()}")
    return int(not same or lessons.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
