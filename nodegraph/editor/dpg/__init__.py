"""The window in DearPyGui; the only package that imports it."""
