"""Patches as text: a Python program that builds a patch, and the difference of two patches in words."""
