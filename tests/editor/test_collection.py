"""The garbage collector works again after edits in the editor."""

from __future__ import annotations

import gc

import pytest

from nodegraph.editor.following import Following
from nodegraph.editor.sound.live import NONE, DeviceRequest, LiveSound
from nodegraph.patch import Connect, Disconnect
from tests.rendering import patch_of


@pytest.mark.parametrize("wait", [True, False], ids=["after compiling", "closed before"])
def test_collector_works_again_after_edits(wait):
    patch, sound = patch_of("osc.out out.audio", osc="sine", out="audio_out"), LiveSound(DeviceRequest(NONE))
    try:
        Following(patch, sound)
        for _ in range(5):
            patch.do(Disconnect("osc.out", "out.audio"))
            patch.do(Connect("osc.out", "out.audio"))
        if wait:
            assert sound.wait_idle(30.0)
    finally:
        sound.close()
    assert gc.isenabled()
