"""The file dialog: shortcuts, folder list, filter, file name, and a confirmation before overwriting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dearpygui.dearpygui as dpg

from ..canvas.theme import Theme
from ..canvas.typeface import supported_text
from ..file_listing import entries, places, with_ending
from .fields import Fields, screen_size

Tag = int | str
SIZE = (720.0, 470.0)


class FileDialog:
    """The file dialog, one at a time; ``answer`` receives the path, or None if cancelled."""

    def __init__(self, fields: Fields, theme: Theme) -> None:
        self._fields, self.theme = fields, theme
        self._window: Tag | None = None
        self._answer: Callable[[Path | None], None] | None = None
        self._folder = Path.cwd()
        self._ending, self._save = "", False
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
        width, height = min(SIZE[0] * s, screen[0] - 40), min(SIZE[1] * s, screen[1] - 60)
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
            with dpg.child_window(height=int(height - 128 * s)):
                self._table = dpg.add_table(header_row=True, policy=dpg.mvTable_SizingStretchProp, resizable=True)
                dpg.add_table_column(label="Name", parent=self._table, init_width_or_weight=6)
                dpg.add_table_column(label="Size", parent=self._table, init_width_or_weight=1.4)
                dpg.add_table_column(label="Modified", parent=self._table, init_width_or_weight=2.6)
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
        self._show_message(problem or ("" if found else "No matching files."))
        for entry in found:
            row = dpg.add_table_row(parent=self._table)
            dpg.add_selectable(
                label=f"{supported_text(entry.name)}##{entry.path}", span_columns=True, parent=row, user_data=entry,
                callback=lambda s, _a, e: self._picked(s, e.path, e.folder),
            )  # fmt: skip
            for text in entry.details:
                dpg.add_text(text, parent=row, color=self.theme.faint)

    def _picked(self, sender: Tag, path: Path, folder: bool) -> None:
        dpg.set_value(sender, False)
        if folder:
            return self._go(path)
        if not self._save and dpg.get_value(self._name) == path.name:
            return self.close(path)
        dpg.set_value(self._name, path.name)
        self._confirmed = None
        self._show_message("Click again to open." if not self._save else "")
        return None

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
        dpg.set_value(self._message, supported_text(text))

    def close(self, path: Path | None) -> None:
        """Close the dialog with this answer."""
        if self._window is None:
            return
        dpg.delete_item(self._window)
        answer, self._answer, self._window = self._answer, None, None
        if answer is not None:
            answer(path)
