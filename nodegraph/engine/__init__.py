"""Runs plans: ``walk`` is the native loop, ``core`` the engine round it, the rest its drivers."""
