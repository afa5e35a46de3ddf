"""The commands, a file for each idea. Every file here is loaded by itself: see :mod:`nodegraph.editor.command`."""
