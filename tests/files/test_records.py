"""Records that users write by hand: each mistake is one line with its place and its fix."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from nodegraph.files.records import RecordError, read_json, read_record, read_toml, record_of


class Part(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    range: tuple[float, float] = (0.0, 1.0)
    loud: bool = False


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    minutes: Annotated[float, msgspec.Meta(ge=0.0)]
    title: str = ""
    parts: tuple[Part, ...] = ()
    tables: dict[str, Part] = {}


def problem(read, path):
    with pytest.raises(RecordError) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and "\n" not in text and text.endswith((".", "?"))
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("minutes = 0,5", "comma in a number. Write 0.5."),
        ("minutes = -12,25  # half", "comma in a number. Write -12.25."),
        ("input = {level = -6,5}", "comma in a number. Write -6.5."),
        ("minutes = .5", "number without digits before the point. Write 0.5."),
        ("minutes = 5.", "number without digits after the point. Write 5.0."),
        ("minutes = 007", "number with leading zeros. Delete them."),
        ("minutes = 5 min", "'min' after the value. Put text in quotes, and each entry on a line of its own."),
        ("minutes =", "missing value. Write one after the =, or delete the line."),
        ("title = Sine", 'text without quotes. Write "Sine".'),
        ('title = Sine"', 'text without quotes. Write "Sine".'),
        ("minutes = 5 min  # long", "'min' after the value. Put text in quotes, and each entry on a line of its own."),
        ("loud = True", "'True' is no value. Write true or false."),
        ("loud = None", "'None' is no value. Delete the line."),
        ("title = “Sine”", 'typographic quotes. Write straight ones: "…".'),
        ('title = "Sine”', 'typographic quotes. Write straight ones: "…".'),
        ('title = "Sine', 'text without a closing quote. Close it on this line, or write """…""" for several lines.'),
        ("title = 'Sine", 'text without a closing quote. Close it on this line, or write """…""" for several lines.'),
        (r'title = "C:\music"', r"backslash in text. Write \\ instead, or use single quotes: '…'."),
        ("minutes: 5", "colon after a name. Write = instead."),
        ("minutes 5", "not an entry. Write NAME = VALUE, or begin a comment with #."),
        ("größe = 5", "name with other characters than A–Z, a–z, 0–9, _ and -. Write it in quotes, or rename it."),
        ("first = 2", "duplicate entry first. Remove one of them."),
        ("[first]", "duplicate table first. Join them, or write [[first]] above each if it is a list of tables."),
        ("[second", "missing ] after the name of a table. Write [name], or [[name]] for one of several."),
        ("range = [0 1]", "missing comma or ] in a list. Add it."),
        ("input = {level = 1", "missing comma or } in a table, which must stand on one line. Add it."),
        ("input = {level = 1,}", "comma before }. Delete it."),
        ("input = {", "table in { } over several lines. Write it on one line."),
    ],
)
def test_syntax_error_names_line_and_fix(tmp_path, line, expected):
    path = tmp_path / "a thing.toml"
    path.write_text(f"first = 1\n{line}\nlast = 3\n", encoding="utf-8")
    assert problem(read_toml, path) == f"line 2: {expected}"


def test_list_that_is_not_closed_is_named_by_its_own_line(tmp_path):
    path = tmp_path / "thing.toml"
    path.write_text("first = [1, 2\n\nlast = 3\n")
    assert problem(read_toml, path).startswith("line 1: missing comma or ] in a list.")
    path.write_text("first = 1\nlast = [3,\n\n")
    assert problem(read_toml, path).startswith("line 2: missing comma or ] in a list.")


THING = """\
minutes = 5
[[parts]]
name = "one"
[[parts]]
name = "two"
range = [0.0, 1.0]
[tables.a]
name = "three"
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("minutes = 5", "minutes = 'five'", "line 1: minutes: must be a number, got 'five'. Correct it."),
        ("minutes = 5", "minutes = -1", "line 1: minutes: must be a number >= 0.0, got -1. Correct it."),
        ("minutes = 5", "minuts = 5", "line 1: unknown entry 'minuts'. Did you mean 'minutes'?"),
        ("minutes = 5", "", "missing entry 'minutes'. Add it."),
        ('name = "two"', "nme = 'two'", "line 5: parts[1]: unknown entry 'nme'. Did you mean 'name'?"),
        ('name = "two"', "name = 2", "line 5: parts[1].name: must be text, got 2. Correct it."),
        ('name = "two"', "", "line 4: parts[1]: missing entry 'name'. Add it."),
        ('name = "three"', "name = [1]", "line 8: tables.….name: must be text, got a list. Correct it."),
        (
            "[0.0, 1.0]",
            "[0,0, 1,5]",
            "line 6: parts[1].range: must be a list of 2, got 4. Decimals have a point, such as 0.5, and a comma "
            "separates values.",
        ),
        ("range = [0.0, 1.0]", "loud = 'yes'", "line 6: parts[1].loud: must be true or false, got 'yes'. Correct it."),
    ],
)
def test_wrong_value_names_line_place_and_fix(tmp_path, old, new, expected):
    path = tmp_path / "thing.toml"
    assert old in THING
    path.write_text(THING.replace(old, new))
    assert problem(lambda path: read_record(path, Thing), path) == expected


def test_record_of_plain_data_names_the_place():
    with pytest.raises(RecordError, match=r"^parts\[0\]\.name: must be text, got 3\. Correct it\.$"):
        record_of({"minutes": 1, "parts": [{"name": 3}]}, Thing)


def test_files_of_other_programs_are_read_or_explained(tmp_path):
    path = tmp_path / "thing.toml"
    path.write_bytes(b"\xef\xbb\xbfminutes = 5\r\n")  # of Notepad
    assert read_record(path, Thing).minutes == 5.0
    path.write_bytes("minutes = 5\ntitle = 'Flöte'\n".encode("latin-1"))
    assert problem(read_toml, path) == "line 2: not UTF-8. Save the file as text in UTF-8."
    path.write_bytes(b"#" * (1 << 21))
    assert "larger than" in problem(read_toml, path)
    path.write_text(f"minutes = {'[' * 100_000}")
    assert "nested too deeply" in problem(read_toml, path)
    assert "cannot be read (No such file or directory). Check the name." in problem(read_toml, tmp_path / "none.toml")
    assert "cannot be read (Is a directory)" in problem(read_toml, tmp_path)


def test_invalid_json_names_line_and_column(tmp_path):
    path = tmp_path / "thing.json"
    path.write_text('{"a": 1,\n "b": 0,5}')
    assert problem(read_json, path) == "line 2, column 9: comma in a number. Write 0.5."
    path.write_text('{"a": 1,\n "b": nothing}')
    assert problem(read_json, path) == "line 2, column 7: invalid JSON, expecting value. Correct that line."
