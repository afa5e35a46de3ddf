"""``nodegraph vary``: random values of knobs, repeated by their seed."""

import nodegraph


def test_values_repeat_with_the_seed_and_leave_levels_alone(cli, beep):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        outcome = cli("vary", "beep.json", "--seed", seed, "-o", f"{name}.json", "--json")
        assert outcome.status == 0
    first, again, other = (nodegraph.load(f"{name}.json").document.nodes["osc"].params for name in "abc")
    assert first == again != other and first["amplitude"] == 0.5
    assert 40.0 <= first["frequency"] <= 8000.0 and outcome.json["values"]["osc.frequency"] == other["frequency"]
    assert "osc.frequency" in cli("vary", "beep.json", "-o", "d.json", "--node", "osc").out


def test_errors_are_one_line(cli, beep):
    assert "unknown node 'osk'" in cli("vary", "beep.json", "-o", "a.json", "--node", "osk").line
    assert "no knob can vary safely" in cli("vary", "beep.json", "-o", "a.json", "--node", "out").line
    assert "mkdir -p missing" in cli("vary", "beep.json", "-o", "missing/a.json").line
