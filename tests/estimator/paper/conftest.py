"""A small corpus of the synthesizer of the paper."""

from __future__ import annotations

import os

import pytest

# read when torch is imported, which these modules do first: see nodegraph.models.torch_import
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

EXAMPLES = 110


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Limit torch to one thread, which is faster for networks as small as these."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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
