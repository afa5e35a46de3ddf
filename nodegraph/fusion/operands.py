"""The argument block of a fused kernel: addresses and numbers, in the order in which its code first uses them."""

from __future__ import annotations

from collections.abc import Iterable

from nodegraph.plan.layout import STEP_FAULT

FAULT = STEP_FAULT
UNCHANGED = "!invariant.load !97"
"""Metadata of loads from memory that no fused kernel writes: they may be moved to where the value is used."""


class Operands:
    """Collects the words of an argument block.

    Equal addresses share a word; a number has one for each ``place``, so that the code does not depend on its value.
    """

    def __init__(self) -> None:
        self.words: list[int] = [0]
        self.kinds: dict[int, str] = {}
        self._known: dict[tuple[str, object], int] = {}
        self._loaded: set[int] = set()

    def use(self, kind: str, value: int, place: object = None) -> str:
        """Return the register of a word; ``kind`` is its LLVM type, "ptr", "i64" or "double".

        ``place`` is that of a number in the argument blocks of the rows, or its name.
        """
        key = (kind, value if place is None else place)
        index = self._known.get(key)
        if index is None:
            index = self._known[key] = len(self.words)
            self.words.append(value)
            self.kinds[index] = kind
        return f"%o{index}"

    def loads(self, used: Iterable[str]) -> list[str]:
        """Return IR that loads the words in ``used`` into their registers; each is loaded once in a function."""
        lines = []
        for index in sorted({int(register[2:]) for register in used} - self._loaded):
            lines.append(f"%o{index}.at = getelementptr i64, ptr %arguments, i64 {index}")
            lines.append(f"%o{index} = load {self.kinds[index]}, ptr %o{index}.at, {UNCHANGED}")
            self._loaded.add(index)
        return lines

    def begin_function(self) -> None:
        """Begin a function, in which no word is loaded."""
        self._loaded.clear()


def registers(code: Iterable[str]) -> set[str]:
    """Return the registers of operands that occur in IR."""
    words = (word.strip("(),") for line in code for word in line.split())
    return {word for word in words if word.startswith("%o") and word[2:].isdigit()}


ALIGNED_STACK = '"frame-pointer"="all" "no-stack-arg-probe"'
"""Attributes of a function with large local arrays: SIMD registers are spilled to whole cache lines, and no function
of the system is called to reserve memory."""
