"""The editor's live engine, and its display: status, live values, readouts, loads, faults."""
