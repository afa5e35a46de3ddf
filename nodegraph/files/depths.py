"""The depths of sound files that a user can choose, for the command line, the editor and blocks."""

from __future__ import annotations

AUTO = "auto"
DEPTHS = (AUTO, "16", "24", "float")
