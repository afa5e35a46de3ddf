"""IR of one evaluation of a member: its inputs as doubles, the call of its tick or its sum, its results."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nodegraph.native.wrap import TickTypes

from .members import Member
from .operands import Operands

EXPONENT, CARRY = 0x7F800000, 0x00800000  # added to the exponent of a float: bit 31 is set if it is NaN or Inf
FAULTY = -(1 << 31)  # a check that has failed


def state_types(member: Member) -> list[str]:
    """Return the LLVM types of a member's states."""
    if member.operation != "tick":
        return []
    types = TickTypes(member.kernel.tick_layout)
    return [types.state_type(j) for j in range(len(types.layout.integer_states))]


def evaluate(
    member: Member,
    prefix: str,
    operands: Operands,
    values: Sequence[str],
    states: Sequence[str],
    lines: Callable[[int], tuple[list[str], str]],
) -> tuple[list[str], list[str], list[str]]:
    """Return IR of one evaluation, and the registers of the outputs (float) and the new states.

    ``values`` are the registers (float) of the inputs, ``states`` those of the states. ``lines(k)`` returns the IR that
    loads the address of delay line ``k``, and its register.
    """
    if member.operation == "sum":
        code, total = [], "0.0"
        for k, value in enumerate(values):
            code.append(f"{prefix}.sum{k} = fadd float {total}, {value}")
            total = f"{prefix}.sum{k}"
        if not values:
            code.append(f"{prefix}.sum = fadd float 0.0, 0.0")
            total = f"{prefix}.sum"
        return code, [total], []
    if member.operation == "copy":
        return [], [values[0]], []
    if member.operation == "crossfade":
        return (
            [
                f"{prefix}.x = fpext float {values[0]} to double",
                f"{prefix}.offset = fpext float {values[1]} to double",
                f"{prefix}.rest = fmul double {prefix}.offset, 0.0",
                f"{prefix}.faded = fadd double {prefix}.x, {prefix}.rest",
                f"{prefix}.y0 = fptrunc double {prefix}.faded to float",
            ],
            [f"{prefix}.y0"],
            [],
        )
    return _call_tick(member, prefix, operands, values, states, lines)


def _call_tick(
    member: Member,
    prefix: str,
    operands: Operands,
    values: Sequence[str],
    states: Sequence[str],
    lines: Callable[[int], tuple[list[str], str]],
) -> tuple[list[str], list[str], list[str]]:
    kernel, words = member.kernel, member.word
    layout, types = kernel.tick_layout, TickTypes(kernel.tick_layout)
    code, arguments = [], []
    for (kind, value), type_ in zip(layout.parameters, types.parameter_types(), strict=True):
        index = int(value)
        if kind == "constant":
            continue
        if kind == "input":
            code.append(f"{prefix}.x{index} = fpext float {values[index]} to double")
            register = f"{prefix}.x{index}"
        elif kind == "state":
            register = states[index]
        elif kind == "line":
            loads, register = lines(index)
            code += loads
        elif kind in ("sr", "dt"):
            value = int(words[1 if kind == "sr" else 2])
            register = operands.use("double", value, (kind, value))
        else:
            part, offset = (kind[:-5], 1) if kind.endswith("_size") else (kind, 0)
            word = layout.word(part, index) + offset
            register = operands.use(type_, int(words[word]), member.row.words_address + 8 * word)
        arguments.append(f"{type_} {register}")
    result = types.result_type()
    code.append(f"{prefix}.r = call {result} @{kernel.inline[0]}({', '.join(arguments)})")
    outputs, new_states = [], []
    for k in range(layout.outputs):
        code.append(f"{prefix}.d{k} = extractvalue {result} {prefix}.r, {k}")
        code.append(f"{prefix}.y{k} = fptrunc double {prefix}.d{k} to float")
        outputs.append(f"{prefix}.y{k}")
    for k in range(len(layout.integer_states)):
        code.append(f"{prefix}.n{k} = extractvalue {result} {prefix}.r, {layout.outputs + k}")
        new_states.append(f"{prefix}.n{k}")
    return code, outputs, new_states


def check(prefix: str, value: str, before: str) -> tuple[list[str], str]:
    """Return IR that adds a float to a check, and the new check (i32): negative once a float was NaN or Inf."""
    return (
        [
            f"{prefix}.bits = bitcast float {value} to i32",
            f"{prefix}.exponent = and i32 {prefix}.bits, {EXPONENT}",
            f"{prefix}.carry = add i32 {prefix}.exponent, {CARRY}",
            f"{prefix}.check = or i32 {before}, {prefix}.carry",
        ],
        f"{prefix}.check",
    )


def declarations(members: Sequence[Member]) -> list[str]:
    """Return declarations of the inlined ticks."""
    found: dict[str, str] = {}
    for member in members:
        if member.operation == "tick":
            types = TickTypes(member.kernel.tick_layout)
            parameters = [
                type_
                for (kind, _), type_ in zip(types.layout.parameters, types.parameter_types(), strict=True)
                if kind != "constant"
            ]
            symbol = member.kernel.inline[0]
            found[symbol] = f"declare {types.result_type()} @{symbol}({', '.join(parameters)})"
    return list(found.values())
