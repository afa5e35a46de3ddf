"""OSC 1.0 addresses of names, and patterns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.api import Patch
from nodegraph.control.osc.addresses import AddressError, address_of, addresses, matching_addresses, resolve


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3))
def test_any_name_can_be_part_of_an_address(names):
    address = address_of(*names)
    assert address.count("/") == len(names) and not set(address) & set(" #*,?[]{}")


IDS = st.text("ab/#:2% ", min_size=1, max_size=5).filter(lambda id: id == id.strip()) | st.just("control/x")


@given(st.lists(IDS, min_size=1, max_size=4, unique=True))
def test_addresses_resolve_to_their_nodes_for_any_id(ids):
    patch = Patch()
    for id in ids:
        patch.add("sine", id=id)
    found = [resolve(patch.document, address)[0].node for address in addresses(patch.document)]
    assert list(dict.fromkeys(found)) == ids


def test_patterns_match_addresses():
    known = ["/osc1/freq", "/osc2/freq", "/osc10/freq", "/lp/cutoff"]
    for pattern, found in {
        "/osc?/freq": known[:2],
        "/osc*/freq": known[:3],
        "/osc[!2]/freq": known[:1],
        "/osc[0-1]*/*": [known[0], known[2]],
        "/{lp,osc2}/*": [known[1], known[3]],
        "/*": [],
        "/osc1/freq": known[:1],
    }.items():
        assert matching_addresses(pattern, iter(known)) == found
    with pytest.raises(AddressError):
        matching_addresses("/a[", iter(known))


def test_pattern_of_many_stars_is_matched_at_once():
    known = ["/" + "a" * 200 + "/gain", "/osc/gain"]
    assert matching_addresses("/" + "*" * 60 + "z/gain", iter(known)) == []
    assert matching_addresses("/" + "*" * 60 + "c/gain", iter(known)) == ["/osc/gain"]
    assert matching_addresses("/" + "{a*,*a}" * 40 + "/gain", iter(known)) == known[:1]


PARTS = st.sampled_from(["a", "b", "-", "/", "*", "?", "[ab]", "[!a]", "[a-b]", "[-]", "{a,bb}", "{,b}", "{a*,?}"])
EXPRESSIONS = {
    "*": "[^/]*",
    "?": "[^/]",
    "[!a]": "[^a/]",
    "{a,bb}": "(?:a|bb)",
    "{,b}": "(?:|b)",
    "{a*,?}": "(?:a[^/]*|[^/])",
}


@given(st.lists(PARTS, max_size=6), st.lists(st.text("ab/-", max_size=8), max_size=8))
def test_patterns_match_like_regular_expressions(parts, known):
    expression = re.compile("".join(EXPRESSIONS.get(part, part) for part in parts))
    assert matching_addresses("".join(parts), iter(known)) == [text for text in known if expression.fullmatch(text)]
