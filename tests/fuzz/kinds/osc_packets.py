"""OSC packets: messages and bundles to a patch, changed; afterwards a valid message still acts."""

from __future__ import annotations

import random
import struct
import time
from functools import cache
from pathlib import Path

from nodegraph.control.changes import ParameterChanges
from nodegraph.control.osc import OscServer, addresses
from tests.rendering import engine_of, patch_of

from .. import mutate

WEIGHT = 12
ERRORS: tuple[type[Exception], ...] = ()
LINES = False
TAGS = "ifsbhtdTFNI[]rmScq"


@cache
def server() -> OscServer:
    patch = patch_of(
        osc="sine", trio=("constant", {"value": [1.0, 2.0, 3.0]}), knob="knob", bank=("latent_source", {"units": 4})
    )
    return OscServer(ParameterChanges(patch, engine_of(patch), lambda line: None), 0, notify=lambda line: None)


def prepare() -> None:
    server()


def attempt(rng: random.Random, folder: Path) -> None:
    found = server()
    changes = found._parameter_changes
    known = list(addresses(changes.patch.document))
    for _ in range(rng.choice((1, 1, 5, 200))):
        data = _packet(rng, known)
        found.on_datagram(mutate.bytes_of(data, rng) if rng.random() < 0.5 else data)
    changes.commit()
    found.on_datagram(_message(b"/osc/frequency", b",f", struct.pack(">f", 330.0)))
    changes.commit()
    assert changes.patch.document.nodes["osc"].params["frequency"] == 330.0


def _packet(rng: random.Random, known: list[str], depth: int = 0) -> bytes:
    if rng.random() < 0.25 and depth < 12:
        parts = [_packet(rng, known, depth + 1) for _ in range(rng.randint(0, 4))]
        stamp = int((time.time() + 2_208_988_800 + rng.choice((-1e6, -1.0, 0.05, 2.0, 3600.0, 2e9))) * 2**32) % 2**64
        stamp = rng.choice((0, 1, 2**64 - 1, stamp))
        return b"#bundle\0" + struct.pack(">Q", stamp) + b"".join(struct.pack(">i", len(p)) + p for p in parts)
    address = rng.choice(known).encode()
    if rng.random() < 0.4:
        at = rng.randrange(len(address))
        address = (
            address[:at]
            + rng.choice((b"*", b"?" * 9, b"*" * 60, b"[a-z]", b"[!a", b"{a,b}", b"{" * 20, b"/0", b"%2"))
            + address[at:]
        )
    tags = "," + "".join(rng.choice(TAGS) for _ in range(rng.choice((0, 1, 1, 3, 40))))
    return _message(address, tags.encode(), rng.randbytes(4 * rng.randint(0, 6)))


def _message(address: bytes, tags: bytes, arguments: bytes) -> bytes:
    return b"".join(text + b"\0" * (4 - len(text) % 4) for text in (address, tags)) + arguments
