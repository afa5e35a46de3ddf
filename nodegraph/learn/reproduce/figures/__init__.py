"""One module per figure, with a :class:`nodegraph.learn.reproduce.figure.PaperFigure` in ``FIGURE``."""
