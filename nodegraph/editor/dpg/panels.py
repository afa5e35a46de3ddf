"""Panels: small windows of items, with one widget per item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dearpygui.dearpygui as dpg
import numpy as np

from ..canvas.theme import Theme
from ..canvas.typeface import ellipsize, supported_text
from ..events import Event, PanelClosed, PanelEvent, PanelMenu
from ..view import Card, Drawing, Item, PanelVisual
from .fields import Fields, kept_inside, screen_size, scroll_to_row
from .plot import Plot, Textures
from .style import touch_theme

Tag = int | str
Box = tuple[float, float, float, float]
DRAWING_HEIGHT = 110
FADER, TOUCH_FADER = (46, 150), (64, 190)
COLUMN = 84  # width of a fader for touch, with its texts
CARD_HEIGHT, CARD_GAP, HEAR_WIDTH = 62, 8, 34
NESTING = ("row", "group")  # kinds of items that contain items
LAYOUT_FRAMES = 3  # frames until the height of a panel is known
MARGIN, TOP = 14.0, 44.0  # around panels without a given position
ROOM = 32.0  # above an item that is scrolled to: the title of the panel or table


class DpgPanels:
    """The open panels, by key."""

    def __init__(
        self, fields: Fields, theme: Theme, textures: Textures, mono: Tag | None, send: Callable[[Event], None]
    ) -> None:
        self._fields, self.theme, self._textures, self._mono, self._send = fields, theme, textures, mono, send
        self._panels: dict[str, DpgPanel] = {}
        self.scale = 1.0
        self.focus = ("", "")  # panel and item with the keyboard
        self._scroll_frames = 0  # in which the panel scrolls to it: the place of an item out of sight is not exact

    def show(self, visual: PanelVisual) -> None:
        old = self._panels.get(visual.key)
        if old is not None and old.rebuild(visual):
            return
        at = visual.at
        if old is not None:
            at = tuple(dpg.get_item_pos(old.window))
            self.hide(visual.key)
        panel = DpgPanel(self, visual, at)
        self._panels[visual.key] = panel

    def hide(self, key: str) -> None:
        panel = self._panels.pop(key, None)
        if panel is not None:
            panel.close()

    def set_item(self, key: str, item: Item) -> None:
        if key in self._panels:
            self._panels[key].set(item)

    def draw(self, key: str, item: str, drawing: Drawing) -> None:
        if key in self._panels:
            self._panels[key].draw(item, drawing)

    def widget(self, key: str, item: str) -> Tag:
        """Return the widget of an item of an open panel."""
        return self._panels[key]._widgets[item]

    def visual(self, key: str) -> PanelVisual:
        """Return the visual of an open panel."""
        return self._panels[key].visual

    def set_focus(self, key: str, item: str) -> None:
        """Mark an item of a panel, raise the panel, and scroll to the item."""
        panel, is_other = self._panels.get(key), key != self.focus[0]
        self.focus = (key, item)
        if panel is not None:
            if is_other and not panel.visual.modal:
                dpg.focus_item(panel.window)
            self._scroll_frames = LAYOUT_FRAMES

    @property
    def focus_box(self) -> Box | None:
        """The screen box of the marked item, or None."""
        panel = self._panels.get(self.focus[0])
        return panel.item_box(self.focus[1]) if panel is not None else None

    def edited_item(self) -> tuple[str, str] | None:
        """Return panel and key of the entry that has the cursor, or None."""
        for key, panel in self._panels.items():
            for item in panel.entries:
                if dpg.is_item_active(panel._widgets[item]):
                    return key, item
        return None

    def edit(self, key: str, item: str) -> None:
        """Place the cursor in an entry."""
        self._fields.focus(self.widget(key, item))

    def free_place(self, width: float, height: float) -> tuple[float, float]:
        """Return a position where a panel hides no other: columns from the right, each from the top."""
        screen = screen_size()
        others = [panel.box for panel in self._panels.values()]
        x = screen[0] - width - MARGIN
        while x > 0:
            y = TOP * self.scale
            for left, top, right, bottom in sorted(others, key=lambda box: box[1]):
                if left < x + width and x < right and top < y + height and y < bottom:
                    y = bottom + MARGIN
            if y + height < screen[1]:
                return x, y
            x -= width / 2 + MARGIN
        step = 30.0 * (len(others) % 8)
        return screen[0] - width - MARGIN - step, TOP * self.scale + step

    def update(self) -> None:
        """Move panels that extend below the screen up, and scroll to the marked item; called once per frame."""
        if self._scroll_frames:
            self._scroll_frames -= 1
            if self.focus[0] in self._panels:
                self._panels[self.focus[0]].scroll_to(self.focus[1])
        for panel in self._panels.values():
            panel.age += 1
            if panel.age == LAYOUT_FRAMES:
                left, top, right, bottom = panel.box
                dpg.set_item_pos(panel.window, list(kept_inside((left, top), (right - left, bottom - top))))

    @property
    def is_modal(self) -> bool:
        """Whether an open panel blocks all other input."""
        return any(panel.visual.modal for panel in self._panels.values())

    @property
    def keys(self) -> list[str]:
        return list(self._panels)


class DpgPanel:
    """A panel with its widgets by item key."""

    def __init__(self, owner: DpgPanels, visual: PanelVisual, at: Any) -> None:
        self.owner, self.visual = owner, visual
        self._widgets: dict[str, Tag] = {}
        self._captions: dict[str, Tag] = {}
        self._plots: dict[str, Plot] = {}
        self._items: dict[str, Item] = {}
        self._theme: Tag | None = None  # of a panel for touch
        self._handlers: list[Tag] = []
        self.age = 0
        s = owner.scale
        width, height = min(visual.size[0] * s, screen_size()[0] - 2 * MARGIN), visual.size[1] * s
        if at is None:
            screen = screen_size()
            if visual.modal:
                at = ((screen[0] - width) / 2, (screen[1] - (height or 240)) / 2.5)
            else:
                at = owner.free_place(width, height or 200.0)
        room = screen_size()[1] - 60
        self.window = dpg.add_window(
            label=f"{supported_text(visual.title)}###panel {visual.key}", modal=visual.modal,
            no_close=not visual.closable,
            pos=kept_inside(at, (width, height or 160)), width=int(width), height=int(min(height,
            room)) if height else 0,
            autosize=False, no_saved_settings=True, no_collapse=True,
            on_close=lambda: owner._send(PanelClosed(visual.key)),
            min_size=(120, 40), max_size=(3000, int(max(room, 200))),
        )  # fmt: skip
        self.width = width - 24
        if visual.touch:
            self._theme = touch_theme(s)
            dpg.bind_item_theme(self.window, self._theme)
        self._fit = not height
        if self._fit:
            dpg.configure_item(self.window, autosize=True)
        self._fill(visual)

    def _fill(self, visual: PanelVisual) -> None:
        faders: Tag | None = None
        for item in visual.items:
            if item.kind == "fader":
                faders = faders or dpg.add_group(horizontal=True, parent=self.window)
                self._add(item, faders)
            else:
                faders = None
                self._add(item, self.window)

    def rebuild(self, visual: PanelVisual) -> bool:
        """Update the items in place if the new visual has the same ones; return whether it has."""
        old = self.visual
        if (visual.title, visual.modal, visual.size) != (old.title, old.modal, old.size):
            return False
        self.visual = visual
        same = [(i.kind, i.key, i.label) for i in _flat(visual.items)]
        if same == [(i.kind, i.key, i.label) for i in _flat(old.items)] and all(
            item.key or item == before for item, before in zip(_flat(visual.items), _flat(old.items))
        ):
            for item in _flat(visual.items):
                if item.key and self._items.get(item.key) != item:
                    self.set(item)
            return True
        self._delete_items()
        dpg.delete_item(self.window, children_only=True)
        self._widgets, self._captions, self._plots, self._items = {}, {}, {}, {}
        self._fill(visual)
        return True

    def close(self) -> None:
        self._delete_items()
        dpg.delete_item(self.window)
        if self._theme is not None:
            dpg.delete_item(self._theme)

    def _delete_items(self) -> None:
        """Delete plots and handlers, which are not children of the window."""
        for plot in self._plots.values():
            plot.close()
        for handlers in self._handlers:
            dpg.delete_item(handlers)
        self._handlers = []

    @property
    def box(self) -> Box:
        """Return its screen box: left, top, right, bottom."""
        left, top = dpg.get_item_pos(self.window)
        width, height = dpg.get_item_rect_size(self.window)
        return left, top, left + width, top + height

    @property
    def entries(self) -> list[str]:
        """The keys of the entries."""
        return [key for key, item in self._items.items() if item.kind == "entry" and key in self._widgets]

    def item_box(self, item: str) -> Box | None:
        """Return the screen box of an item, cut off at the edges of the panel; None if it is not visible."""
        tag = self._widgets.get(item)
        if tag is None or not dpg.does_item_exist(tag):
            return None
        (left, top), (width, height) = dpg.get_item_rect_min(tag), dpg.get_item_rect_size(tag)
        outer = self.box
        if self._is_row(item):
            width = self.width
        found = max(left, outer[0]), max(top, outer[1]), min(left + width, outer[2]), min(top + height, outer[3])
        return found if found[0] < found[2] and found[1] < found[3] else None

    @property
    def _table_height(self) -> float:
        """The height of a long table, which scrolls, in pixels."""
        return min(16 * 25 * self.owner.scale + 6, 0.6 * screen_size()[1])

    def _is_row(self, item: str) -> bool:
        """Return whether this is the name of a row of a table."""
        table = self._items.get(item.rpartition(":")[0])
        return table is not None and table.kind == "table"

    def scroll_to(self, item: str) -> None:
        """Scroll the panel, and a table in it, so that an item is visible."""
        tag = self._widgets.get(item)
        if tag is None or not dpg.does_item_exist(tag):
            return
        key = item.rpartition(":")[0]
        if self._is_row(item) and dpg.get_y_scroll_max(self._widgets[key]):
            scroll_to_row(self._widgets[key], self._widgets[f"{key}:0"], tag, self._table_height)
        if not dpg.get_y_scroll_max(self.window):
            return
        top, height = dpg.get_item_rect_min(tag)[1], dpg.get_item_rect_size(tag)[1]
        _, first, _, last = self.box
        above, below = first + ROOM - top, top + height + ROOM / 2 - last
        if above > 0 or below > 0:
            dpg.set_y_scroll(self.window, max(dpg.get_y_scroll(self.window) + (below if below > 0 else -above), 0.0))

    # -- items ---------------------------------------------------------------------------------------------

    def _add(self, item: Item, parent: Tag, width: float | None = None) -> None:
        width = self.width if width is None else width
        if item.key:
            self._items[item.key] = item
        if item.kind == "row":
            group = dpg.add_group(horizontal=True, parent=parent)
            inner = item.value or ()
            for one in inner:
                self._add(one, group, max((width - 8 * (len(inner) - 1)) / max(len(inner), 1), 20))
            return
        if item.kind == "group":
            group = dpg.add_group(parent=parent)
            if item.label:
                dpg.add_text(supported_text(item.label), parent=group, color=self.owner.theme.kinds["signal"])
            faders = dpg.add_group(horizontal=True, parent=group)
            for one in item.value:
                self._add(one, faders)
            return
        tag = getattr(self, f"_add_{item.kind}")(item, parent, width)
        if item.key:
            self._widgets[item.key] = tag
        if item.tip and tag is not None and item.kind not in ("table", "drawing"):
            with dpg.tooltip(tag, delay=0.4):
                dpg.add_text(supported_text(item.tip), wrap=320)

    def _changed(self, item: Item, value: Any, finished: bool = True) -> None:
        self.owner._send(PanelEvent(self.visual.key, item.key, value, finished))

    def _add_text(self, item: Item, parent: Tag, width: float) -> Tag:
        return dpg.add_text(supported_text(str(item.value or item.label)), wrap=int(width), parent=parent)

    def _add_heading(self, item: Item, parent: Tag, width: float) -> Tag:
        text, colour = supported_text(str(item.value or item.label)), self.owner.theme.kinds["signal"]
        return dpg.add_text(text, color=colour, parent=parent, wrap=int(width))

    def _add_code(self, item: Item, parent: Tag, width: float) -> Tag:
        text = str(item.value or "")
        lines = min(text.count("\n") + 1, 24)
        tag = dpg.add_input_text(
            default_value=text, readonly=True, multiline=True, width=int(width), height=int(lines * 17 + 14),
            parent=parent,
        )  # fmt: skip
        if self.owner._mono is not None:
            dpg.bind_item_font(tag, self.owner._mono)
        return tag

    def _add_line(self, item: Item, parent: Tag, width: float) -> Tag:
        return dpg.add_separator(parent=parent)

    def _add_button(self, item: Item, parent: Tag, width: float) -> Tag:
        return dpg.add_button(
            label=supported_text(item.label),
            enabled=item.enabled,
            parent=parent,
            callback=lambda: self._changed(item, None),
        )

    def _add_slider(self, item: Item, parent: Tag, width: float) -> Tag:
        position, text = item.value
        group = dpg.add_group(horizontal=True, parent=parent)
        tag = dpg.add_slider_float(
            default_value=position, min_value=0.0, max_value=1.0, format=_literal(text), parent=group,
            width=int(width * (0.66 if item.label else 1.0)), enabled=item.enabled, no_input=True,
            callback=lambda _s, value: self._slid(item, value),
        )  # fmt: skip
        if item.label:
            dpg.add_text(supported_text(item.label), parent=group)
        self._on_release(item, tag)
        return tag

    def _add_fader(self, item: Item, parent: Tag, width: float) -> Tag:
        position, text = item.value
        s, touch = self.owner.scale, self.visual.touch
        size = TOUCH_FADER if touch else FADER
        group = dpg.add_group(parent=parent)
        label = supported_text(item.label)
        if touch:
            dpg.add_spacer(width=int(COLUMN * s), height=0, parent=group)
            label = ellipsize(label, 15.0 * s, COLUMN * s)
        tag = dpg.add_slider_float(
            default_value=position, min_value=0.0, max_value=1.0, format="", vertical=True, parent=group,
            width=int(size[0] * s), height=int(size[1] * s), enabled=item.enabled, no_input=True,
            callback=lambda _s, value: self._slid(item, value),
        )  # fmt: skip
        self._captions[item.key] = dpg.add_text(text, parent=group)
        dpg.add_text(label, parent=group, color=self.owner.theme.faint)
        self._on_release(item, tag)
        return tag

    def _slid(self, item: Item, value: float) -> None:
        self._changed(item, float(value), finished=False)

    def _on_release(self, item: Item, tag: Tag, value: Callable[[Any], Any] = float) -> None:
        """Send the value of a widget when its edit ends."""
        with dpg.item_handler_registry() as handlers:
            dpg.add_item_deactivated_after_edit_handler(callback=lambda: self._changed(item, value(dpg.get_value(tag))))
            if item.kind in ("slider", "fader"):
                menu = PanelMenu(self.visual.key, item.key)
                dpg.add_item_clicked_handler(1, callback=lambda: self.owner._send(menu))
        dpg.bind_item_handler_registry(tag, handlers)
        self._handlers.append(handlers)

    def _add_toggle(self, item: Item, parent: Tag, width: float) -> Tag:
        return dpg.add_checkbox(
            label=supported_text(item.label), default_value=bool(item.value), enabled=item.enabled, parent=parent,
            callback=lambda _s, on: self._changed(item, bool(on)),
        )  # fmt: skip

    def _add_entry(self, item: Item, parent: Tag, width: float) -> Tag:
        group = dpg.add_group(horizontal=True, parent=parent)
        tag = dpg.add_input_text(
            default_value=str(item.value or ""), parent=group, width=int(width * (0.66 if item.label else 1.0)),
            enabled=item.enabled, on_enter=True, callback=lambda _s, text: self._changed(item, text),
        )  # fmt: skip
        if item.label:
            dpg.add_text(supported_text(item.label), parent=group)
        self._on_release(item, tag, str)
        return self.owner._fields.add(tag)

    def _add_choice(self, item: Item, parent: Tag, width: float) -> Tag:
        chosen, options = item.value
        return dpg.add_combo(
            list(options), default_value=chosen, label=supported_text(item.label), parent=parent, enabled=item.enabled,
            width=int(width * (0.66 if item.label else 1.0)), callback=lambda _s, text: self._changed(item, text),
        )  # fmt: skip

    def _add_progress(self, item: Item, parent: Tag, width: float) -> Tag:
        part, text = item.value
        return dpg.add_progress_bar(default_value=part, overlay=supported_text(text), width=int(width), parent=parent)

    def _add_table(self, item: Item, parent: Tag, width: float) -> Tag:
        titles, rows = item.value
        height = self._table_height
        tag = dpg.add_table(
            header_row=bool(titles), row_background=True, borders_innerV=True, policy=dpg.mvTable_SizingStretchProp,
            scrollY=len(rows) > 15, height=int(height) if len(rows) > 15 else 0, width=int(width), parent=parent,
        )  # fmt: skip
        for title in titles or [""] * max((len(row) for row in rows), default=1):
            dpg.add_table_column(label=supported_text(title), parent=tag)
        self._add_rows(item, tag, rows)
        return tag

    def _add_rows(self, item: Item, table: Tag, rows: Any) -> None:
        def chosen(tag: Tag, _: Any, cell: tuple[int, int]) -> None:
            dpg.set_value(tag, False)
            self._changed(item, cell)

        for r, row in enumerate(rows):
            line = dpg.add_table_row(parent=table)
            for c, text in enumerate(row):
                label = f"{supported_text(text)}##{r}.{c}"
                cell = dpg.add_selectable(label=label, parent=line, user_data=(r, c), callback=chosen)
                if c == 0:
                    self._widgets[f"{item.key}:{r}"] = cell

    def _add_cards(self, item: Item, parent: Tag, width: float) -> Tag:
        across, cards = item.value
        wide = (width - CARD_GAP * (across - 1)) / across
        grid = dpg.add_group(parent=parent)
        for first in range(0, len(cards), across):
            row = dpg.add_group(horizontal=True, horizontal_spacing=CARD_GAP, parent=grid)
            for card in cards[first : first + across]:
                self._widgets[f"{item.key}:{card.key}"] = self._add_card(item, card, row, wide)
        return grid

    def _add_card(self, item: Item, card: Card, parent: Tag, width: float) -> Tag:
        s, theme = self.owner.scale, self.owner.theme
        height = CARD_HEIGHT * s

        def chosen(tag: Tag) -> None:
            dpg.set_value(tag, False)
            self._changed(item, card.key)

        inner = width - (HEAR_WIDTH * s if card.sound else 0.0)
        box = dpg.add_child_window(
            width=int(width),
            height=int(height),
            border=True,
            no_scrollbar=True,
            no_scroll_with_mouse=True,
            parent=parent,
        )
        tag = dpg.add_selectable(
            label=f"##{card.key}", width=int(inner - 14), height=int(height - 14), parent=box, pos=(7, 7),
            callback=chosen,
        )  # fmt: skip
        if card.sound:
            hear = dpg.add_button(
                label="▶", parent=box, pos=(int(inner), 8), callback=lambda: self._changed(item, f"hear:{card.key}")
            )
            self._widgets[f"{item.key}:hear:{card.key}"] = hear
        title = ellipsize(supported_text(card.title), 14.0 * s, inner - 20)
        dpg.add_text(title, parent=box, pos=(10, 6), color=theme.kinds["signal"])
        dpg.add_text(supported_text(card.text), parent=box, pos=(10, int(6 + 20 * s)), wrap=int(inner - 18))
        return tag

    def _add_drawing(self, item: Item, parent: Tag, width: float) -> Tag:
        height = DRAWING_HEIGHT * self.owner.scale
        area = dpg.add_drawlist(width=int(width), height=int(height), parent=parent)
        self._plots[item.key] = Plot(area, (0, 0), (int(width), int(height)), self.owner.theme, self.owner._textures)
        if isinstance(item.value, Drawing):
            self._plots[item.key].show(item.value)
        return area

    def set(self, item: Item) -> None:
        """Update the value of an item, unless the user is editing it."""
        if item.kind in NESTING:
            for one in item.value or ():
                self.set(one)
            return
        tag = self._widgets.get(item.key)
        before = self._items.get(item.key)
        if tag is None or before is None or before.kind != item.kind:
            return
        self._items[item.key] = item
        if item.kind in ("button", "slider", "fader", "toggle", "entry", "choice"):
            if before.enabled != item.enabled:
                dpg.configure_item(tag, enabled=item.enabled)
        if item.kind in ("slider", "fader"):
            position, text = item.value
            if not dpg.is_item_active(tag):
                dpg.set_value(tag, float(position))
            if item.kind == "slider":
                dpg.configure_item(tag, format=_literal(text))
            else:
                dpg.set_value(self._captions[item.key], supported_text(text))
        elif item.kind == "button":
            dpg.configure_item(tag, label=supported_text(item.label))
        elif item.kind == "toggle":
            dpg.set_value(tag, bool(item.value))
        elif item.kind in ("text", "heading", "code"):
            dpg.set_value(tag, supported_text(str(item.value or item.label)))
        elif item.kind == "entry":
            if not dpg.is_item_active(tag):
                dpg.set_value(tag, str(item.value or ""))
        elif item.kind == "choice":
            dpg.configure_item(tag, items=list(item.value[1]))
            dpg.set_value(tag, item.value[0])
        elif item.kind == "progress":
            dpg.set_value(tag, float(item.value[0]))
            dpg.configure_item(tag, overlay=supported_text(item.value[1]))
        elif item.kind == "table":
            dpg.delete_item(tag, children_only=True, slot=1)
            self._add_rows(item, tag, item.value[1])
        elif item.kind == "drawing" and isinstance(item.value, Drawing):
            self.draw(item.key, item.value)

    def draw(self, key: str, drawing: Drawing) -> None:
        plot = self._plots.get(key)
        if plot is not None and np.ndim(drawing.data):
            plot.show(drawing)


def _flat(items: tuple[Item, ...]) -> list[Item]:
    found: list[Item] = []
    for item in items:
        found += _flat(item.value or ()) if item.kind in NESTING else [item]
    return found


def _literal(text: str) -> str:
    """Escape a text for use as a printf format."""
    return supported_text(text).replace("%", "%%")
