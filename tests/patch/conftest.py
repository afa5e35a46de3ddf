"""Hypothesis settings: no deadlines, as the machine may be busy. ``EXAMPLES=5000`` increases the number of examples."""

import os

from hypothesis import settings

settings.register_profile("patient", deadline=None, max_examples=int(os.environ.get("EXAMPLES", 100)))
settings.load_profile("patient")
