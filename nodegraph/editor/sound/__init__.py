"""The sound of the editor: the live engine, and what the window shows of it."""
