"""Properties here are judged by what they say, not by how busy the machine is. ``EXAMPLES=5000`` tries more of them."""

import os

from hypothesis import settings

settings.register_profile("patient", deadline=None, max_examples=int(os.environ.get("EXAMPLES", 100)))
settings.load_profile("patient")
