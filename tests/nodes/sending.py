"""Send MIDI messages to a patch and read the messages that it sends."""

from __future__ import annotations

from tests.rendering import Offline


def sent(patch, messages=(), samples=4096, turns=(), driver=Offline):
    """Return the messages of the patch's ``midi_out`` blocks: (sample, hex). ``turns`` are (sample, knob, value)."""
    engine = driver(patch.document, path=patch.path)
    for at, message in messages:
        engine.send(bytes.fromhex(message), at)
    for at, knob, value in turns:
        engine.set_parameter(*knob.split("."), value, at)
    engine.run_samples(samples)
    return sent_by(engine)


def sent_by(engine):
    """Return the messages that the ``midi_out`` blocks of an engine sent since the last call: (sample, hex)."""
    return [(round(message.time * engine.rate), message.hex().lower()) for message in engine.sent()]
