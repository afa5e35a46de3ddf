"""Editor commands, one module per topic; all are loaded automatically by :mod:`nodegraph.editor.command`."""
