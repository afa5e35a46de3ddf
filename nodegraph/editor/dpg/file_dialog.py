"""The file dialog: shortcuts, folder list, filter, preview, file name, and a confirmation before overwriting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dearpygui.dearpygui as dpg

from ..canvas.theme import Theme
from ..canvas.typeface import supported_text
from ..events import Event, FileHeard, FileHighlighted
from ..file_listing import Entry, entries, places, with_ending
from ..view import FilePreview
from .fields import Fields, screen_size, scroll_to_row
from .plot import Plot, Textures

Tag = int | str
SIZE = (720.0, 470.0)
PREVIEW = 260.0  # width of the preview in a dialog that opens a file
PICTURE = 120.0  # height of the drawing in it
PAGE = 10  # entries


class FileDialog:
    """The file dialog, one at a time; ``answer`` receives the path, or None if cancelled."""

    def __init__(
        self,
        fields: Fields,
        theme: Theme,
        textures: Textures,
        send: Callable[[Event], None],
        announce: Callable[[str], None],
    ) -> None:
        self._fields, self.theme, self._textures, self._send = fields, theme, textures, send
        self._announce = announce
        self._window: Tag | None = None
        self._answer: Callable[[Path | None], None] | None = None
        self._folder = Path.cwd()
        self._ending, self._save = "", False
        self._found: list[tuple[Tag, Entry]] = []  # listed entries
        self._chosen: Entry | None = None
        self._previewed: Path | None = None
        self._plot: Plot | None = None
        self._last_field: Tag | None = None  # the text field that had the cursor in the last frame
        self._confirmed: Path | None = None
        self.scale = 1.0

    @property
    def is_open(self) -> bool:
        return self._window is not None

    def ask(
        self, title: str, folder: Path, ending: str, save: bool, name: str, answer: Callable[[Path | None], None]
    ) -> None:
        """Show the dialog in a folder, or in its nearest existing parent."""
        self.close(None)
        folder = folder.expanduser().absolute()
        while not folder.is_dir() and folder != folder.parent:
            folder = folder.parent
        self._folder, self._ending, self._save, self._answer = folder, ending, save, answer
        self._confirmed = None
        s, screen = self.scale, screen_size()
        wide = SIZE[0] if save else SIZE[0] + PREVIEW
        width, height = min(wide * s, screen[0] - 40), min(SIZE[1] * s, screen[1] - 60)
        with dpg.window(
            label=f"{supported_text(title)}###files", modal=True, no_collapse=True, no_saved_settings=True,
            width=int(width),
            height=int(height), pos=(int((screen[0] - width) / 2), int((screen[1] - height) / 2.5)),
            on_close=lambda: self.close(None),
        ) as self._window:  # fmt: skip
            self._build(width, height, name)
        self._list()
        if save:
            self._fields.focus(self._name)

    def _build(self, width: float, height: float, name: str) -> None:
        s = self.scale
        with dpg.group(horizontal=True):
            dpg.add_button(label="Up", callback=lambda: self._go(self._folder.parent))
            self._path = self._fields.add(
                dpg.add_input_text(
                    width=int(width - 330 * s), on_enter=True, callback=lambda _s, text: self._typed(text)
                )
            )
            self._filter = self._fields.add(
                dpg.add_input_text(width=int(110 * s), hint="filter", callback=lambda: self._list())
            )
            if self._save:
                dpg.add_button(label="New folder", callback=lambda: self._new_folder())
        with dpg.group(horizontal=True):
            with dpg.child_window(width=int(140 * s), height=int(height - 128 * s)):
                for label, path in places():
                    dpg.add_selectable(
                        label=label, user_data=path, callback=lambda s_, _a, p: self._chosen_place(s_, p)
                    )
            preview = 0.0 if self._save else PREVIEW * s
            list_width = int(width - preview - 172 * s)
            self._list_height = height - 128 * s
            with dpg.child_window(width=list_width, height=int(self._list_height)) as self._list_area:
                self._table = dpg.add_table(header_row=True, policy=dpg.mvTable_SizingStretchProp, resizable=True)
                dpg.add_table_column(label="Name", parent=self._table, init_width_or_weight=6)
                dpg.add_table_column(label="Size", parent=self._table, init_width_or_weight=1.4)
                dpg.add_table_column(label="Modified", parent=self._table, init_width_or_weight=2.6)
            if preview:
                self._preview_area = dpg.add_child_window(height=int(height - 128 * s))
        self._message = dpg.add_text("", color=self.theme.warn)
        with dpg.group(horizontal=True):
            self._name = self._fields.add(
                dpg.add_input_text(
                    default_value=name, width=int(width - 230 * s), hint="name", on_enter=True,
                    callback=lambda: self._accept(),
                )
            )  # fmt: skip
            self._button = dpg.add_button(
                label="Save" if self._save else "Open", width=int(90 * s), callback=lambda: self._accept()
            )
            dpg.add_button(label="Cancel", width=int(90 * s), callback=lambda: self.close(None))

    def _chosen_place(self, sender: Tag, path: Path) -> None:
        dpg.set_value(sender, False)
        self._go(path)

    def _typed(self, text: str) -> None:
        path = Path(text).expanduser()
        if path.is_file() and not self._save:
            self.close(path)
        else:
            self._go(path)

    def _go(self, folder: Path) -> None:
        if folder.is_dir():
            self._folder = folder.absolute()
            dpg.set_value(self._filter, "")
            self._list()
        else:
            self._show_message(f"Folder not found: {folder}.")

    def _list(self) -> None:
        """List the folder; a click selects an entry, a second click opens it."""
        dpg.delete_item(self._table, children_only=True, slot=1)
        dpg.set_value(self._path, str(self._folder))
        found, problem = entries(self._folder, self._ending, dpg.get_value(self._filter))
        self._found = []
        self._highlight(None)
        self._show_message(problem or ("" if found else "No matching files."))
        for entry in found:
            row = dpg.add_table_row(parent=self._table)
            tag = dpg.add_selectable(
                label=f"{supported_text(entry.name)}##{entry.path}", span_columns=True, parent=row, user_data=entry,
                callback=lambda _s, _a, e: self._picked(e),
            )  # fmt: skip
            self._found.append((tag, entry))
            for text in entry.details:
                dpg.add_text(text, parent=row, color=self.theme.faint)

    def _picked(self, entry: Entry) -> None:
        if entry.folder:
            return self._go(entry.path)
        if not self._save and dpg.get_value(self._name) == entry.path.name:
            return self.close(entry.path)
        self._highlight(entry)
        self._show_message("Click again to open." if not self._save else "")
        return None

    def _highlight(self, entry: Entry | None) -> None:
        """Mark an entry of the list, and take its name if it is a file."""
        self._chosen, self._confirmed = entry, None
        for tag, other in self._found:
            dpg.set_value(tag, other is entry)
        path = entry.path if entry is not None and not entry.folder else None
        if path is not None:
            dpg.set_value(self._name, path.name)
        if self._save or path == self._previewed:
            return
        self._previewed = path
        self._send(FileHighlighted(path))
        self.show_preview(FilePreview(path, ("Reading …",)) if path is not None else None)

    # -- preview -------------------------------------------------------------------------------------------

    def show_preview(self, preview: FilePreview | None) -> None:
        """Show the preview of the highlighted file; None empties it."""
        if self._window is None or self._save or (preview is not None and preview.path != self._previewed):
            return
        if self._plot is not None:
            self._plot.close()
            self._plot = None
        dpg.delete_item(self._preview_area, children_only=True)
        if preview is None:
            return
        s, width = self.scale, int((PREVIEW - 34) * self.scale)  # with room for a scroll bar
        dpg.add_text(supported_text(preview.path.name), wrap=width, parent=self._preview_area)
        if preview.drawing is not None:
            area = dpg.add_drawlist(width=width, height=int(PICTURE * s), parent=self._preview_area)
            self._plot = Plot(area, (0, 0), (width, int(PICTURE * s)), self.theme, self._textures)
            self._plot.show(preview.drawing)
        if preview.is_sound:
            with dpg.group(horizontal=True, parent=self._preview_area):
                dpg.add_button(label="▶ Hear", callback=lambda: self._send(FileHeard()))
                dpg.add_button(label="■ Stop", callback=lambda: self._send(FileHeard(stop=True)))
        for line in preview.lines:
            dpg.add_text(supported_text(line), wrap=width, parent=self._preview_area)

    # -- keys ----------------------------------------------------------------------------------------------

    def update(self) -> None:
        """Note which text field has the cursor; called once per frame."""
        if self._window is not None:
            fields = (self._path, self._filter, self._name)
            self._last_field = next((tag for tag in fields if dpg.is_item_active(tag)), None)

    def key(self, name: str) -> None:
        """Move in the list by arrows and open by Enter; Left and Right open folders, Space plays a sound."""
        steps = {"up": -1, "down": 1, "pageup": -PAGE, "pagedown": PAGE}
        if name in steps and self._found:
            at = next((i for i, (_, entry) in enumerate(self._found) if entry is self._chosen), None)
            at = 0 if at is None else min(max(at + steps[name], 0), len(self._found) - 1)
            self._highlight(self._found[at][1])
            self._announce(self._found[at][1].name)
            scroll_to_row(self._list_area, self._found[0][0], self._found[at][0], self._list_height)
        elif self._last_field is not None:
            if name == "enter" and self._last_field == self._filter and self._chosen is not None:
                self._open_chosen()
        elif name == "enter" and self._chosen is not None:
            self._open_chosen()
        elif name in ("left", "backspace"):
            self._go(self._folder.parent)
        elif name == "right" and self._chosen is not None and self._chosen.folder:
            self._open_chosen()
        elif name == "space":
            self._send(FileHeard())

    def _open_chosen(self) -> None:
        if self._chosen is not None:
            self._go(self._chosen.path) if self._chosen.folder else self._accept()

    def _new_folder(self) -> None:
        number, path = 2, self._folder / "new folder"
        while path.exists():
            path, number = self._folder / f"new folder {number}", number + 1
        try:
            path.mkdir()
        except OSError as error:
            return self._show_message(f"The folder could not be created: {error.strerror}.")
        return self._go(path)

    def _accept(self) -> None:
        """Accept the selected file."""
        name = dpg.get_value(self._name).strip()
        if not name:
            return self._show_message("Enter a file name.")
        path = self._folder / Path(name).expanduser()
        if path.is_dir():
            dpg.set_value(self._name, "")
            return self._go(path)
        if not self._save:
            return self.close(path) if path.is_file() else self._show_message(f"File not found: {name}.")
        path = with_ending(path, self._ending)
        if not path.parent.is_dir():
            return self._show_message(f"Folder not found: {path.parent}.")
        if path.exists() and self._confirmed != path:
            self._confirmed = path
            dpg.configure_item(self._button, label="Replace")
            return self._show_message(f"{path.name} already exists. Replace it, or enter another name.")
        return self.close(path)

    def _show_message(self, text: str) -> None:
        if text:
            self._announce(text)
        dpg.set_value(self._message, supported_text(text))

    def close(self, path: Path | None) -> None:
        """Close the dialog with this answer."""
        if self._window is None:
            return
        if self._plot is not None:
            self._plot.close()
            self._plot = None
        if self._previewed is not None:
            self._previewed = None
            self._send(FileHighlighted(None))
        dpg.delete_item(self._window)
        answer, self._answer, self._window = self._answer, None, None
        if answer is not None:
            answer(path)
