"""The gallery of all patches and the pages of the lessons, with pictures and sounds."""

from __future__ import annotations

from html import escape
from pathlib import Path

from nodegraph.files.demos import demo_folder
from nodegraph.graph import GraphError
from nodegraph.lessons.checking import Assessor
from nodegraph.lessons.lesson import Lesson, text_in
from nodegraph.lessons.loading import lessons_in, load_lesson, visible_checks
from nodegraph.notebook import graph_svg
from nodegraph.patch import Document, Patch

from .block_pages import ORPHAN, shown_blocks
from .cache import Cache, programs
from .markdown import html, plain, table
from .shipped import block_types, patches
from .sounds import ogg, patch_sound, place, player
from .sources import Sources


def write_gallery(site: Sources, cache: Cache) -> dict[str, str]:
    """Write a page for each patch and the gallery; return the patches without a sound, with the reason."""
    silent, cards = {}, []
    for name, path in patches().items():
        patch = Patch.load(path)
        sound, reason = _sound(name, path, patch, cache)
        if sound:
            site.write(place(f"gallery/{name}.ogg"), sound)
        else:
            silent[name] = reason
        site.write(f"_static/pictures/{name}.svg", graph_svg(patch.document))
        site.write(f"gallery/{name}.md", _patch_page(name, path, patch.document, reason))
        cards.append(_card(name, patch.document.title or name, reason))
    site.write(
        "gallery/index.md",
        "# Gallery\n\nAll patches that come with nodegraph. `nodegraph demo NAME` plays one, and "
        "`nodegraph edit patches/NAME.json` opens it.\n\n" + html("<div class='cards'>", *cards, "</div>") + "\n",
    )
    return silent


def _card(name: str, title: str, silence: str) -> str:
    """Return the HTML of a patch in the gallery: picture, title, sound."""
    picture = f"<img loading='lazy' alt='' src='../_static/pictures/{name}.svg'>"
    sound = f"<p>{escape(silence)}</p>" if silence else player("gallery/index", f"gallery/{name}.ogg")
    return f"<div class='card'><a href='{name}.html'>{picture}<b>{escape(title)}</b></a>{sound}</div>"


def _sound(name: str, path: Path, patch: Patch, cache: Cache) -> tuple[bytes, str]:
    """Return the sound of a patch, or b"" and the reason why it is silent."""
    try:
        sound = cache.get(f"gallery-{name}.ogg", programs("sounds") + path.read_bytes(), lambda: patch_sound(patch))
    except GraphError as error:
        return b"", str(error).partition("\n")[0]
    return sound, "" if sound else "It is silent until it is played."


def _patch_page(name: str, path: Path, document: Document, silence: str) -> str:
    relative = path.relative_to(demo_folder().parent).as_posix()
    size = f"{len(document.nodes)} blocks, {len(document.wires)} wires"
    parts = [ORPHAN, f"# {plain(document.title or name)}", f"[Gallery](index.md) › `{relative}`, {size}."]
    parts.append(silence or html(player(f"gallery/{name}", f"gallery/{name}.ogg")))
    notes = sorted(document.notes.values(), key=lambda note: (note.at[1], note.at[0]))
    parts += [plain(note.text) for note in notes]
    if document.controls:
        rows = [(f"`{key}`", f"`{control.target}`") for key, control in document.controls.items()]
        parts += ["## Controls", table(("control", "sets"), rows)]
    parts += ["## Patch", html(f"<a href='../_static/pictures/{name}.svg'>", _picture(document), "</a>")]
    known = shown_blocks()
    names = [f"[`{type}`](../blocks/{type}.md)" for type in sorted(block_types(document)) if type in known]
    parts += ["## Blocks", ", ".join(names) + "."]
    return "\n\n".join(parts) + "\n"


def _picture(document: Document) -> str:
    return graph_svg(document).replace("<svg ", "<svg class='patch' ", 1) if document.nodes else "The patch is empty."


def write_lessons(site: Sources, cache: Cache) -> int:
    """Write a page for each lesson and their list; return their number."""
    rows, names = [], []
    for folder in lessons_in():
        lesson = load_lesson(folder)
        name, text = folder.name, lesson.text()
        sound = _target_sound(name, lesson, cache)
        if sound:
            site.write(place(f"lessons/{name}.ogg"), sound)
        site.write(f"lessons/{name}.md", _lesson_page(name, lesson, bool(sound)))
        objectives = "; ".join(text_in(one) for one in lesson.file.objectives)
        rows.append(
            (f"[{plain(text.title)}]({name}.md)", f"`{lesson.id}`", f"{lesson.file.minutes:g}", plain(objectives))
        )
        names.append(name)
    listed = "\n".join(names)
    site.write(
        "lessons/index.md",
        "# Lessons\n\n`nodegraph lesson NAME` prints a lesson, and `nodegraph lesson NAME --check my.json` listens to "
        "a patch and gives a hint. In the editor: Help › Lessons…. Teachers find more in [Lessons](../LESSONS.md).\n\n"
        + table(("lesson", "name", "minutes", "what is learned"), rows)
        + f"\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n",
    )
    return len(names)


def _target_sound(name: str, lesson: Lesson, cache: Cache) -> bytes:
    if lesson.target is None:
        return b""
    origin = programs("sounds") + b"".join(
        path.read_bytes() for path in sorted(lesson.folder.rglob("*")) if path.is_file()
    )

    def make() -> bytes:
        heard = Assessor(lesson).target(next(iter(lesson.stimuli)))
        return ogg(heard.sound, heard.rate) if heard else b""

    return cache.get(f"lesson-{name}.ogg", origin, make)


def _lesson_page(name: str, lesson: Lesson, has_sound: bool) -> str:
    text = lesson.text()
    parts = [f"# {plain(text.title)}", f"{lesson.file.minutes:g} minutes. `nodegraph lesson {lesson.id}`"]
    parts.append("\n".join(f"- {plain(text_in(one))}" for one in lesson.file.objectives))
    parts.append(text.introduction)
    if has_sound:
        parts += ["The sound to be reached:", html(player(f"lessons/{name}", f"lessons/{name}.ogg"))]
    for heading, body in text.steps:
        parts += [f"## {heading}", body]
    start = Patch.load(lesson.start).document
    parts += ["## The patch to start from", html(_picture(start))]
    checks = visible_checks(lesson)
    if checks:
        rows = [(f"`{check.measure}`", f"{check.points:g}") for check in checks]
        parts += ["## What is measured", table(("measure", "points"), rows)]
        parts.append("[Lessons](../LESSONS.md) explains the measures.")
    return "\n\n".join(part for part in parts if part) + "\n"
