"""One module per table, with a :class:`nodegraph.learn.reproduce.table.PaperTable` in ``TABLE``."""
