"""``nodegraph controllers``."""


def test_controllers_are_listed_and_shown(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_CONTROLLERS", str(tmp_path))
    (tmp_path / "broken.toml").write_text("name =")
    outcome = cli("controllers")
    assert outcome.status == 0 and "nanokontrol2" in outcome.out and str(tmp_path) in outcome.out
    assert "broken.toml: line 1: missing value" in outcome.line
    assert set(cli("controllers", "--json").json) == {"broken", "nanokontrol2"}
    shown = cli("controllers", "nanokontrol2").out
    assert "CC 16–23" in shown and "the unit's scale" in shown
    elements = cli("controllers", "nanokontrol2", "--json").json["control"]
    assert {element["function"] for element in elements if "function" in element} >= {"gain", "scale", "mute", "quit"}


def test_missing_controller_is_reported_in_one_line(cli):
    outcome = cli("controllers", "nanokontrol")
    assert outcome.status == 1 and "Did you mean 'nanokontrol2'" in outcome.line
