"""IR of sums of adjacent lanes, in the order in which :func:`nodegraph.plan.rows.add_run` adds them."""

from __future__ import annotations

from nodegraph.quantum import QUANTUM

from .members import Signal


def fold(name: str, pointer: str, signal: Signal, before: str) -> list[str]:
    """Return IR that adds the ``run`` lanes of each sample of a signal; the sums go to the local array ``%name``.

    ``before`` is the label of the block before it; the block after it is ``name.end``. Halves are added until one lane
    is left; -0.0 takes the place of the partner of an odd lane, since adding it changes no number.
    """
    p, lanes = f"%{name}", signal.run
    code = [
        f"br label %{name}.loop",
        f"{name}.loop:",
        f"{p}.i = phi i64 [ 0, %{before} ], [ {p}.next, %{name}.loop ]",
        f"{p}.row = mul i64 {p}.i, {signal.stride}",
        f"{p}.at = getelementptr float, ptr {pointer}, i64 {p}.row",
        f"{p}.v0 = load <{lanes} x float>, ptr {p}.at, align 4",
    ]
    width, step = lanes, 0
    while width > 1:
        half = (width + 1) // 2
        low = ", ".join(f"i32 {k}" for k in range(half))
        high = ", ".join(f"i32 {half + k}" for k in range(half))  # index `width` is the first of the second operand
        vector = f"<{width} x float>"
        zeros = f"{vector} <{', '.join(['float -0.0'] * width)}>"
        code += [
            f"{p}.low{step} = shufflevector {vector} {p}.v{step}, {vector} poison, <{half} x i32> <{low}>",
            f"{p}.high{step} = shufflevector {vector} {p}.v{step}, {zeros}, <{half} x i32> <{high}>",
            f"{p}.v{step + 1} = fadd <{half} x float> {p}.low{step}, {p}.high{step}",
        ]
        width, step = half, step + 1
    return [
        *code,
        f"{p}.sum = extractelement <1 x float> {p}.v{step}, i64 0",
        f"{p}.to = getelementptr float, ptr {p}, i64 {p}.i",
        f"store float {p}.sum, ptr {p}.to",
        f"{p}.next = add nuw nsw i64 {p}.i, 1",
        f"{p}.more = icmp ult i64 {p}.next, {QUANTUM}",
        f"br i1 {p}.more, label %{name}.loop, label %{name}.end, !llvm.loop !90",
        f"{name}.end:",
    ]
