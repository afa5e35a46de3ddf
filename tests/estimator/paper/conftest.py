"""A small corpus of the synthesizer of the paper."""

from __future__ import annotations

import pytest

from tests.torch_threads import one_thread  # noqa: F401 (an autouse fixture)

EXAMPLES = 110


@pytest.fixture(scope="session")
def matcher():
    from nodegraph.estimator.paper.synthesizer import paper_matcher

    with paper_matcher(threads=1) as matcher:
        yield matcher


@pytest.fixture(scope="session")
def renderer(matcher):
    return matcher.renderer


@pytest.fixture(scope="session")
def corpus(renderer, tmp_path_factory):
    """Return 110 examples: 100 for training in 11 folds."""
    from nodegraph.estimator.paper.corpus import draw_corpus

    return draw_corpus(renderer, EXAMPLES, 0, tmp_path_factory.mktemp("corpus"))
