"""Tables, a file each: ``TABLE`` in it is a :class:`nodegraph.learn.reproduce.table.PaperTable`."""
