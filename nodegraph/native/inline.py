"""LLVM IR of a tick as a function of values, which fused kernels inline into their loops."""

from __future__ import annotations

import re

from .wrap import UNREACHABLE_RAISE, TickLayout, TickTypes, forbid_raise


def inline_tick(symbol: str, inner: str, layout: TickLayout) -> str:
    """Return the IR of ``results symbol(parameters)``, which calls a compiled tick and is inlined where it is called.

    Its parameters are those of the tick without constants.
    """
    types = TickTypes(layout)
    given, passed = [], ["ptr %result", "ptr %none"]
    for i, ((kind, value), type_) in enumerate(zip(layout.parameters, types.parameter_types(), strict=True)):
        if kind == "constant":
            passed.append(f"i64 {int(value)}")
        else:
            given.append(f"{type_} %p{i}")
            passed.append(given[-1])
    result = types.result_type()
    return f"""
declare i32 @{inner}({", ".join(["ptr", "ptr", *types.parameter_types()])})
declare void @{UNREACHABLE_RAISE}()
define {result} @{symbol}({", ".join(given)}) alwaysinline {{
  %result = alloca {result}
  %none = alloca i64
  %status = call i32 @{inner}({", ".join(passed)})
  {forbid_raise("status")}
  %value = load {result}, ptr %result
  ret {result} %value
}}
"""


def without_compiler_globals(ir: str) -> str:
    """Return optimised IR without the empty globals that the front end adds for each function."""
    return re.sub(r"^@_ZN08NumbaEnv\S+ = common .*\n", "", ir, flags=re.MULTILINE)
