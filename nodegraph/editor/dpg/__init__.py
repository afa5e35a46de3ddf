"""The window in DearPyGui: the only package that calls it."""
