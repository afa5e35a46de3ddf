"""The dataflow of a tick, read from its IR: what each result needs, and through which values NaN and Inf pass."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_NAME = r'%(?:"[^"]*"|[-\w.$]+)'
_NAMES, _DEFINITION = re.compile(_NAME), re.compile(rf"^\s*({_NAME}) = (?:tail )?([a-z]+)(.*)$")
_RESULT = re.compile(r"insertvalue .*, (?:double|i64) (\S+), (\d+)")
_COSTS = {"fdiv": 8, "call": 2, "load": 2, "insertvalue": 0, "bitcast": 0, "phi": 0}
_PASSED_ON = {
    "fadd": 2,
    "fsub": 2,
    "fmul": 2,
    "fneg": 1,
    "fdiv": 1,
}  # leading operands whose faults reach the result
_CASTS = ("fpext", "fptrunc")
_PASSED_ON_BY_CALL = ("@llvm.floor.", "@llvm.fabs.")


@dataclass(frozen=True)
class Slice:
    """The part of a tick that computes some results: numbers of the parameters it reads, and its operations."""

    parameters: frozenset[int]
    cost: int


class Dataflow:
    """The dataflow of one inlined tick. Results are numbered: outputs first, then states."""

    def __init__(self, ir: str) -> None:
        body = ir[ir.index("\ndefine ") :]
        body = body[: body.index("\n}")]
        self._reads: dict[str, list[str]] = {}
        self._operations: dict[str, str] = {}
        self._lines: dict[str, str] = {}
        self._branches: list[str] = []
        self._results: dict[int, str] = {}
        for line in body.splitlines()[1:]:
            if found := _DEFINITION.match(line):
                name, operation, rest = found.groups()
                self._reads[name], self._operations[name], self._lines[name] = _NAMES.findall(rest), operation, rest
                if operation == "insertvalue" and (result := _RESULT.search(line)):
                    self._results[int(result[2])] = result[1]
            elif line.lstrip().startswith(("br i1", "switch")):
                self._branches += _NAMES.findall(line)
        self.writes_memory = " store " in body or any(
            operation == "call" and "@llvm." not in self._lines[name] for name, operation in self._operations.items()
        )
        self.cost = sum(map(self._cost, self._operations))

    def _cost(self, name: str) -> int:
        return _COSTS.get(self._operations[name], 1)

    @lru_cache(maxsize=64)  # noqa: B019 - an instance lives as long as its kernel
    def slice_of(self, results: frozenset[int]) -> Slice:
        """Return the slice for some results, with the branches on which they depend."""
        waiting = [self._results[number] for number in results if self._results[number].startswith("%")]
        found: set[str] = set()
        parameters: set[int] = set()
        has_branches = False
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            if name not in self._reads:
                if re.fullmatch(r"%p\d+", name):
                    parameters.add(int(name[2:]))
                continue
            found.add(name)
            waiting += self._reads[name]
            if self._operations[name] == "phi" and not has_branches:
                has_branches = True
                waiting += self._branches
        return Slice(frozenset(parameters), sum(map(self._cost, found)))

    @lru_cache(maxsize=64)  # noqa: B019 - as above
    def _constant_in(self, still: frozenset[int]) -> frozenset[str]:
        """Return the values that follow from ``still`` parameters alone, which a loop computes once."""
        known = {f"%p{parameter}" for parameter in still}
        for name, reads in self._reads.items():
            if self._operations[name] not in ("load", "phi") and all(read in known for read in reads):
                known.add(name)
        return frozenset(known)

    def moving_cost(self, still: frozenset[int]) -> int:
        """Return the cost without the operations on ``still`` parameters."""
        known = self._constant_in(still)
        return sum(self._cost(name) for name in self._operations if name not in known)

    def added_bits(self, parameter: int, result: int, still: frozenset[int]) -> int | None:
        """Return ``mask`` if a result is ``(parameter + x) & mask``, with ones in its low bits, else None.

        ``x`` is constant, and so is the condition under which another constant may take the place of the parameter.
        """
        found = re.fullmatch(r" i64 (\S+), (\d+)", self._lines.get(self._results[result], ""))
        if found is None or self._operations[self._results[result]] != "and" or self._operations.get(found[1]) != "add":
            return None
        mask, known = int(found[2]), self._constant_in(still)
        own = [read for read in self._reads[found[1]] if read not in known]
        if mask & (mask + 1) or len(own) != 1 or len(_operands(self._lines[found[1]])) != 2:
            return None
        while self._operations.get(own[0]) == "select":
            condition, *values = self._reads[own[0]]
            own = [value for value in values if value not in known]
            if condition not in known or len(own) != 1:
                return None
        return mask if own == [f"%p{parameter}"] else None

    def parameter_of(self, result: int) -> int | None:
        """Return the parameter that a result is, unchanged, or None."""
        found = re.fullmatch(r"%p(\d+)", self._results[result])
        return int(found[1]) if found else None

    @lru_cache(maxsize=64)  # noqa: B019 - as above
    def passes_faults(self, parameter: int, result: int) -> bool:
        """Return whether a result is NaN or Inf whenever the parameter is."""
        passing = {f"%p{parameter}"}
        for name, operation in self._operations.items():
            line = self._lines[name]
            if operation == "call" and any(mark in line for mark in _PASSED_ON_BY_CALL):
                reaches = any(read in passing for read in self._reads[name])
            elif operation in _CASTS:
                reaches = self._reads[name][0] in passing
            elif operation == "select":
                values = self._reads[name][-2:]
                is_register = line.count("double %") + line.count("float %") == 2
                reaches = is_register and all(value in passing for value in values)
            else:
                leading = _operands(line)[: _PASSED_ON.get(operation, 0)]
                reaches = any(read in passing for read in leading)
            if reaches:
                passing.add(name)
        return self._results[result] in passing


def _operands(line: str) -> list[str]:
    """Return the operands of an instruction on two values, constants included."""
    return [part.split()[-1] for part in line.split(", ") if part.strip()]
