"""Runs plans: ``walk`` is the native loop, ``core`` the engine, the other modules its drivers and queues."""
