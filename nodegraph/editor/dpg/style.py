"""The DearPyGui theme of all widgets, in the colours of :mod:`~nodegraph.editor.canvas.theme`."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ..canvas.theme import Theme, readable

Tag = int | str


def widget_theme(theme: Theme) -> Tag:
    """Build the DearPyGui theme of all windows and widgets."""
    colours = {
        dpg.mvThemeCol_WindowBg: theme.panel,
        dpg.mvThemeCol_ChildBg: theme.panel,
        dpg.mvThemeCol_PopupBg: theme.panel,
        dpg.mvThemeCol_MenuBarBg: theme.panel_deep,
        dpg.mvThemeCol_Border: theme.grid_strong,
        dpg.mvThemeCol_Text: theme.text,
        dpg.mvThemeCol_TextDisabled: theme.faint,
        dpg.mvThemeCol_TextSelectedBg: theme.fill,
        dpg.mvThemeCol_FrameBg: theme.track,
        dpg.mvThemeCol_FrameBgHovered: theme.control,
        dpg.mvThemeCol_FrameBgActive: theme.control,
        dpg.mvThemeCol_TitleBg: theme.panel_deep,
        dpg.mvThemeCol_TitleBgActive: theme.control,
        dpg.mvThemeCol_TitleBgCollapsed: theme.panel_deep,
        dpg.mvThemeCol_Button: theme.control,
        dpg.mvThemeCol_ButtonHovered: theme.control_hover,
        dpg.mvThemeCol_ButtonActive: theme.fill,
        dpg.mvThemeCol_Header: theme.fill,
        dpg.mvThemeCol_HeaderHovered: theme.fill,
        dpg.mvThemeCol_HeaderActive: theme.fill,
        dpg.mvThemeCol_CheckMark: theme.accent,
        dpg.mvThemeCol_SliderGrab: readable(theme.accent, theme.text),
        dpg.mvThemeCol_SliderGrabActive: readable(theme.accent, theme.text),
        dpg.mvThemeCol_Separator: theme.grid_strong,
        dpg.mvThemeCol_ScrollbarBg: theme.panel_deep,
        dpg.mvThemeCol_ScrollbarGrab: theme.control_hover,
        dpg.mvThemeCol_ScrollbarGrabHovered: theme.faint,
        dpg.mvThemeCol_ScrollbarGrabActive: theme.faint,
        dpg.mvThemeCol_TableHeaderBg: theme.panel_deep,
        dpg.mvThemeCol_TableRowBg: theme.panel,
        dpg.mvThemeCol_TableRowBgAlt: theme.track,
        dpg.mvThemeCol_TableBorderLight: theme.grid_strong,
        dpg.mvThemeCol_TableBorderStrong: theme.grid_strong,
        dpg.mvThemeCol_PlotHistogram: readable(theme.accent, theme.text),
        dpg.mvThemeCol_ResizeGrip: theme.control_hover,
        dpg.mvThemeCol_NavHighlight: theme.focus,
        dpg.mvThemeCol_ModalWindowDimBg: (0, 0, 0, 110),
    }
    with dpg.theme() as made, dpg.theme_component(dpg.mvAll):
        for which, colour in colours.items():
            dpg.add_theme_color(which, colour)
        for style, values in {
            dpg.mvStyleVar_WindowRounding: (6,),
            dpg.mvStyleVar_ChildRounding: (4,),
            dpg.mvStyleVar_FrameRounding: (4,),
            dpg.mvStyleVar_PopupRounding: (5,),
            dpg.mvStyleVar_GrabRounding: (4,),
            dpg.mvStyleVar_ScrollbarRounding: (6,),
            dpg.mvStyleVar_WindowPadding: (10, 8),
            dpg.mvStyleVar_FramePadding: (7, 4),
            dpg.mvStyleVar_ItemSpacing: (8, 5),
            dpg.mvStyleVar_WindowBorderSize: (1,),
            dpg.mvStyleVar_PopupBorderSize: (1,),
            dpg.mvStyleVar_ScrollbarSize: (11,),
        }.items():
            dpg.add_theme_style(style, *values)
    return made


def bare_theme(colour: tuple[int, int, int, int], spacing: bool = False) -> Tag:
    """Build a theme for windows that only contain a drawing: no padding, no border, one background colour."""
    with dpg.theme() as made, dpg.theme_component(dpg.mvAll):
        for which in (dpg.mvThemeCol_WindowBg, dpg.mvThemeCol_ChildBg):
            dpg.add_theme_color(which, colour)
        dpg.add_theme_style(dpg.mvStyleVar_WindowPadding, 0, 0)
        dpg.add_theme_style(dpg.mvStyleVar_WindowBorderSize, 0)
        dpg.add_theme_style(dpg.mvStyleVar_WindowRounding, 0)
        dpg.add_theme_style(dpg.mvStyleVar_ChildRounding, 0)
        if not spacing:
            dpg.add_theme_style(dpg.mvStyleVar_ItemSpacing, 0, 0)
    return made


def touch_theme(scale: float) -> Tag:
    """Build a theme for panels whose items are large enough for fingers, at least 44 pixels at scale 1."""
    styles = {
        dpg.mvCheckbox: (dpg.mvStyleVar_FramePadding, 14, 14),
        dpg.mvButton: (dpg.mvStyleVar_FramePadding, 14, 14),
        dpg.mvSliderFloat: (dpg.mvStyleVar_GrabMinSize, 36),
        dpg.mvAll: (dpg.mvStyleVar_ItemSpacing, 12, 7),
    }
    with dpg.theme() as made:
        for kind, (style, *values) in styles.items():
            with dpg.theme_component(kind):
                dpg.add_theme_style(style, *(value * scale for value in values))
    return made
