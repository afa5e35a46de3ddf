"""Writer of SuperCollider's synth definitions and scores.

Formats: "Synth Definition File Format" (version 2) and "Non-Realtime Synthesis" of SuperCollider's
reference. A definition is a list of unit generators, each after its inputs.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SCALAR, CONTROL, AUDIO = 0, 1, 2
OPERATORS = {"*": 2, "+": 0, "-": 1, ">": 9, "wrap2": 45, "abs": 5}


@dataclass(frozen=True)
class Signal:
    unit: int
    output: int = 0


Input = Signal | float


class SynthDef:
    def __init__(self, name: str, **parameters: float) -> None:
        self.name = name
        self._parameters = parameters
        self._constants: dict[float, int] = {}
        self._units: list[bytes] = []
        if parameters:
            self._unit("Control", CONTROL, [], outputs=len(parameters))

    def parameter(self, name: str) -> Signal:
        return Signal(0, list(self._parameters).index(name))

    def ar(self, kind: str, *inputs: Input) -> Signal:
        return self._unit(kind, AUDIO, list(inputs))

    def kr(self, kind: str, *inputs: Input) -> Signal:
        return self._unit(kind, CONTROL, list(inputs))

    def binary(self, operator: str, a: Input, b: Input, rate: int = AUDIO) -> Signal:
        return self._unit("BinaryOpUGen", rate, [a, b], special=OPERATORS[operator])

    def unary(self, operator: str, a: Input) -> Signal:
        return self._unit("UnaryOpUGen", AUDIO, [a], special=OPERATORS[operator])

    def sink(self, kind: str, *inputs: Input) -> None:
        self._unit(kind, AUDIO, list(inputs), outputs=0)

    def _unit(self, kind: str, rate: int, inputs: list[Input], outputs: int = 1, special: int = 0) -> Signal:
        wires = b""
        for source in inputs:
            if isinstance(source, Signal):
                wires += struct.pack(">ii", source.unit, source.output)
            else:
                constant = self._constants.setdefault(float(source), len(self._constants))
                wires += struct.pack(">ii", -1, constant)
        head = _name(kind) + struct.pack(">biih", rate, len(inputs), outputs, special)
        self._units.append(head + wires + bytes([rate]) * outputs)
        return Signal(len(self._units) - 1)

    def binary_file(self) -> bytes:
        values = list(self._parameters.values())
        body = _name(self.name) + _floats(list(self._constants)) + _floats(values)
        body += struct.pack(">i", len(values))
        for index, name in enumerate(self._parameters):
            body += _name(name) + struct.pack(">i", index)
        body += struct.pack(">i", len(self._units)) + b"".join(self._units)
        return b"SCgf" + struct.pack(">ih", 2, 1) + body + struct.pack(">h", 0)


def message(address: str, *arguments: str | int | float) -> bytes:
    """Return an OSC message."""
    tags, body = ",", b""
    for value in arguments:
        if isinstance(value, str):
            tags, body = tags + "s", body + _text(value)
        elif isinstance(value, int):
            tags, body = tags + "i", body + struct.pack(">i", value)
        else:
            tags, body = tags + "f", body + struct.pack(">f", value)
    return _text(address) + _text(tags) + body


def score(*bundles: tuple[float, list[bytes]]) -> bytes:
    """Return a score: bundles of messages at seconds from the start."""
    data = b""
    for seconds, messages in bundles:
        bundle = b"#bundle\0" + struct.pack(">Q", int(seconds * 2**32))
        for content in messages:
            bundle += struct.pack(">i", len(content)) + content
        data += struct.pack(">i", len(bundle)) + bundle
    return data


def _name(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def _text(text: str) -> bytes:
    data = text.encode() + b"\0"
    return data + b"\0" * (-len(data) % 4)


def _floats(values: list[float]) -> bytes:
    return struct.pack(f">i{len(values)}f", len(values), *values)
