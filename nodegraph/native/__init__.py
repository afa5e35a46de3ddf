"""From Python functions to native code that is proved to be fit for the audio thread.

``frontend``  Python → LLVM IR (by Numba; only when something is not in the cache)
``wrap``      loops over samples and lanes round a tick; the entry of every kernel
``build``     link, prove, optimise, cache, load
``words``     how native functions see memory: 8-byte words behind integer addresses
"""
