"""The garbage collector is held back while edits are typed and compiled, and works again afterwards."""

from __future__ import annotations

import gc

import pytest

from nodegraph.engine.collection import hold_collection, no_collection, release_collection


@pytest.fixture(autouse=True)
def collector_enabled():
    gc.enable()
    yield
    gc.enable()


def test_collector_starts_after_the_last_of_overlapping_holds():
    assert hold_collection()
    with no_collection():
        release_collection()  # as if another thread ended its hold first
        assert not gc.isenabled()
    assert gc.isenabled()


def test_collector_starts_after_an_error():
    with pytest.raises(ValueError), no_collection():
        raise ValueError
    assert gc.isenabled()


def test_collector_that_the_program_disabled_stays_disabled():
    gc.disable()
    with no_collection():
        assert not gc.isenabled()
    assert not gc.isenabled()
