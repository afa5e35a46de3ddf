"""Machine code does what its IR says, also where LLVM does not."""

from __future__ import annotations

import ctypes

import numpy as np

from nodegraph.native.build import kernel_address

VECTORS = 24  # more than the 16 registers that instructions without AVX-512 reach


def signs(symbol):
    """Return IR that reads a size and pairs of integers, and writes (size or 0) + (size or 1) by the signs of each."""
    lines = [
        f"define void @{symbol}(ptr noalias %in, ptr noalias %out, i64 %unused) {{",
        "%size = load i64, ptr %in",
    ]
    for k in range(VECTORS):
        lines += [
            f"%p{k} = getelementptr <2 x i64>, ptr %in, i64 {k + 1}",
            f"%v{k} = load <2 x i64>, ptr %p{k}, align 8",
        ]
    product = "%v0"
    for k in range(1, VECTORS):  # all vectors are needed before the first sign is
        lines.append(f"%product{k} = mul <2 x i64> {product}, %v{k}")
        product = f"%product{k}"
    for k in range(VECTORS):
        lines += [
            f"%w{k} = add <2 x i64> %v{k}, {product}",
            f"%negative{k} = icmp slt <2 x i64> %w{k}, zeroinitializer",
            f"%a{k} = extractelement <2 x i1> %negative{k}, i64 0",
            f"%b{k} = extractelement <2 x i1> %negative{k}, i64 1",
            f"%x{k} = select i1 %a{k}, i64 %size, i64 0",
            f"%y{k} = select i1 %b{k}, i64 %size, i64 1",
            f"%z{k} = add i64 %x{k}, %y{k}",
            f"%o{k} = getelementptr i64, ptr %out, i64 {k}",
            f"store i64 %z{k}, ptr %o{k}",
        ]
    return ["\n".join([*lines, "ret void", "}"])]


def test_signs_of_many_vectors_are_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_CACHE", str(tmp_path))
    address = kernel_address("signs", (VECTORS,), signs, fused=True)
    pairs = np.random.default_rng(1).integers(-1000, 1000, (VECTORS, 2))
    pairs[0] = 0  # so that the products are 0
    given, found = np.concatenate([[700, 0], pairs.ravel()]), np.zeros(VECTORS, np.int64)
    ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3)(address)(given.ctypes.data, found.ctypes.data, 0)
    negative = pairs < 0
    assert np.array_equal(found, np.where(negative[:, 0], 700, 0) + np.where(negative[:, 1], 700, 1))
