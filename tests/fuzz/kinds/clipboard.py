"""Text of the clipboard: a copied selection, changed, then pasted."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from nodegraph.patch import Document, Patch, PatchError, encode_patch, parse_patch, read_patch
from nodegraph.patch.clipboard import copy_text, paste_action

from .. import mutate
from ..attempt import REPOSITORY

WEIGHT = 8
ERRORS = (PatchError,)
LINES = False


@cache
def document() -> Document:
    return read_patch(REPOSITORY / "patches/poly_synth.json")


def attempt(rng: random.Random, folder: Path) -> None:
    ids = rng.sample(sorted(document().nodes), rng.randint(1, len(document().nodes)))
    text = mutate.text_of(copy_text(document(), ids), rng)
    patch = Patch(document())
    patch.do(paste_action(text, patch.document, rng.choice((None, (0.0, 0.0), (1e300, -1e300)))).action)
    parse_patch(encode_patch(patch.document))
    patch.undo()
    assert patch.document == document()
