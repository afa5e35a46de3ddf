"""librosa is imported in one process at a time."""

import fcntl
import importlib
import os
import sys
from pathlib import Path

import pytest

from nodegraph.measures.librosa_import import import_librosa


def test_modules_that_compile_are_imported_under_a_lock_of_the_installation(monkeypatch):
    folder, tried = Path(import_librosa().__file__).parent, []
    import_module = importlib.import_module

    def watched(name):
        handle = os.open(folder, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)
        tried.append(name)
        return import_module(name)

    monkeypatch.setattr(importlib, "import_module", watched)
    import_librosa()
    assert tried
    monkeypatch.undo()
    import_librosa()


def test_all_compiled_functions_of_a_comparison_are_imported():
    import_librosa()
    assert {"librosa.util.utils", "librosa.core.audio", "librosa.core.pitch"} <= set(sys.modules)
