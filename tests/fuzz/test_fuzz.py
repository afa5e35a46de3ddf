"""The short form of ``make fuzz``, and faults that it must find."""

import random

import pytest

from tests.fuzz import planted
from tests.fuzz.attempt import kind_names, kind_of
from tests.fuzz.runner import fuzz

INPUTS = 2000
WEIGHTS = {kind: kind_of(kind).WEIGHT for kind in kind_names()}


@pytest.mark.parametrize("kind", WEIGHTS)
def test_random_input_ends_in_a_result_or_one_line_and_harms_nothing(kind):
    count = round(INPUTS * WEIGHTS[kind] / sum(WEIGHTS.values()))
    result = fuzz(kind, count)
    assert result.tried == count
    assert result.faults == {}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (planted.fail, "ZeroDivisionError: planted"),
        (planted.say_too_much, "several lines"),
        (planted.hang, "HangError"),
        (planted.crash, "the process ended: SIGSEGV"),
        (planted.leave, "the process ended: status 3"),
        (planted.take_memory, "GB of memory"),
        (planted.read_outside, "opened"),
        (planted.write_outside, "wrote"),
        (planted.start_a_program, "subprocess.Popen"),
        (planted.connect, "socket.connect"),
        (planted.unpickle, "pickle.find_class"),
        (planted.behave, ""),
    ],
)
def test_planted_fault_is_found(monkeypatch, fault, words):
    monkeypatch.setenv("FUZZ_SECONDS", "2" if fault is planted.hang else "60")
    kind = planted.__name__
    number = next(n for n in range(1000) if random.Random(f"{kind} {n}").choice(planted.FAULTS) is fault)
    found = fuzz(kind, 1, first=number)
    assert found.tried == 1
    lines = [line for faults in found.faults.values() for line in faults]
    assert any(words in line for line in lines) if words else not lines
