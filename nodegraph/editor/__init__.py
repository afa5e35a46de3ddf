"""The editor: a window for building, playing and inspecting a patch.

Data flows in one circle. The *view* (:mod:`.view`) draws visuals and reports user input as events (:mod:`.events`).
The *presenter* (:mod:`.presenter`) turns events into edits of the patch, and sends changes of the patch and of the
*sound* (:mod:`.sound`) to the view. Only the DearPyGui view imports DearPyGui; everything else runs without a display.
"""
